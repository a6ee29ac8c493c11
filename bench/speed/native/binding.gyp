{
  # The copies of "the limit", for bench/speed only: no part of the package.
  "targets": [
    {
      "target_name": "copy",
      "sources": ["addon.cc", "../../native/copy.cc"],
      "defines": ["NAPI_VERSION=8"],
      "cflags_cc": ["-std=c++17", "-O3", "-Wall", "-Wextra"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"],
      "libraries": ["-lpthread"]
    }
  ]
}
