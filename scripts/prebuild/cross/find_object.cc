// Debian's libgcc finds the exception tables with a function of glibc 2.35, which musl does not have. This is that
// function, written with musl's dl_iterate_phdr.

#include <link.h>

#include <cstddef>
#include <cstdint>

// The same layout as in glibc. libgcc reads only eh_frame.
struct dl_find_object {
  unsigned long long flags;
  void* map_start;
  void* map_end;
  link_map* map;
  void* eh_frame;
  unsigned long long reserved[7];
};

namespace {

struct Search {
  uintptr_t pc;
  void* eh_frame;
};

// Returns 1 to end the search.
int look_into(dl_phdr_info* object, size_t, void* data) {
  auto* search = static_cast<Search*>(data);
  bool inside = false;
  void* eh_frame = nullptr;
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const auto& part = object->dlpi_phdr[i];
    const uintptr_t begin = object->dlpi_addr + part.p_vaddr;
    if (part.p_type == PT_LOAD && search->pc - begin < part.p_memsz) inside = true;
    if (part.p_type == PT_GNU_EH_FRAME) eh_frame = reinterpret_cast<void*>(begin);
  }
  if (inside) search->eh_frame = eh_frame;
  return inside ? 1 : 0;
}

}  // namespace

// Returns 0 if the object that contains `pc` has exception tables.
extern "C" int _dl_find_object(void* pc, dl_find_object* result) {
  Search search{reinterpret_cast<uintptr_t>(pc), nullptr};
  dl_iterate_phdr(look_into, &search);
  result->eh_frame = search.eh_frame;
  return search.eh_frame ? 0 : -1;
}
