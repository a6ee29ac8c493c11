#include "runtime/cache.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <cstdio>
#include <initializer_list>
#include <string>

#include "check.h"

using evenkeel::exceeds_cache;
using evenkeel::largest_cache;
using evenkeel::set_cache_bytes;
using evenkeel::Stores;
using evenkeel::stores_for;
using evenkeel::tile_bytes;

namespace {

// A directory as Linux describes a core's caches in, one size a cache; null is a cache that tells none.
class Described {
 public:
  explicit Described(std::initializer_list<const char*> sizes) {
    char pattern[] = "/tmp/evenkeel-cache-XXXXXX";
    path_ = mkdtemp(pattern);
    for (const char* size : sizes) {
      const std::string cache = path_ + "/index" + std::to_string(count_++);
      mkdir(cache.c_str(), 0700);
      if (!size) continue;
      std::FILE* file = std::fopen((cache + "/size").c_str(), "w");
      std::fputs(size, file);
      std::fclose(file);
    }
  }
  ~Described() {
    for (int i = 0; i < count_; ++i) {
      const std::string cache = path_ + "/index" + std::to_string(i);
      std::remove((cache + "/size").c_str());
      std::remove(cache.c_str());
    }
    std::remove(path_.c_str());
  }
  size_t largest() const { return largest_cache(path_.c_str()); }

 private:
  std::string path_;
  int count_ = 0;
};

}  // namespace

TEST(the_largest_described_cache) {
  CHECK(Described({"32K\n", "32K\n", "512K\n", "32768K\n"}).largest() == size_t{32} << 20);
  CHECK(Described({"64K\n", "64K\n", "1024K\n"}).largest() == size_t{1} << 20);
  CHECK(Described({"32K\n", "32K\n", "512K\n", "266240K\n"}).largest() == size_t{260} << 20);
  CHECK(Described({"", "0K\n", "K\n", "big\n"}).largest() == 0);
  CHECK(Described({"32K\n", nullptr, "512K\n"}).largest() == size_t{32} << 10);
  CHECK(largest_cache("/nowhere") == 0);
}

TEST(what_is_large_follows_the_cache) {
  set_cache_bytes(1 << 20);
  CHECK(stores_for((1 << 19) - 1, false) == Stores::cached);
  CHECK(stores_for(1 << 19, false) == Stores::non_temporal);
  CHECK(stores_for(1 << 19, true) == Stores::cached);
  CHECK(!exceeds_cache((1 << 20) - 1));
  CHECK(exceeds_cache(1 << 20));
  CHECK(tile_bytes() == 1 << 15);
  set_cache_bytes(0);
  // No cache counts for more than 64 MiB.
  CHECK(stores_for(size_t{64} << 20, false) == Stores::non_temporal);
  CHECK(!exceeds_cache(0));
  CHECK(tile_bytes() > 0);
}
