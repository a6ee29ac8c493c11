{
  # Warnings are errors in `npm run check`, but no reason for a user's newer compiler to fail.
  "variables": { "werror%": "false" },
  # The addon of a source build: the repository's binding.gyp includes it, and `evenkeel build` for an installed package,
  # each from the folder above. native/build.json is the one list of sources, and of the flags that GCC and Clang take;
  # scripts/prebuild reads it too.
  "targets": [
    {
      "target_name": "evenkeel",
      "sources": [
        "<!@(node -p \"Object.values(require('./native/build.json').sources).flat().join(' ')\")"
      ],
      "include_dirs": [".", "<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["<!@(node -p \"require('./native/build.json').defines.join(' ')\")"],
      "conditions": [
        [
          "OS=='linux'",
          {
            "cflags_cc": [
              "-pthread",
              # `bits`: no fused multiply-add, because the bits are those of separate, correctly rounded operations; and
              # sqrt is one instruction, because nothing reads errno.
              "<!@(node -p \"Object.values(require('./native/build.json').flags).flat().join(' ')\")",
              "<!@(node ./native/openmp-flags.cjs)"
            ],
            "conditions": [["werror=='true'", { "cflags_cc": ["-Werror"] }]],
            "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-fno-exceptions"],
            # Sleeping threads live in this code: it must not be unmapped when a worker ends.
            "ldflags": ["-pthread", "-Wl,-z,nodelete"],
            # dlsym (binding/memory.cc, runtime/openmp.cc), before glibc 2.34
            "libraries": ["-ldl"]
          }
        ],
        [
          "OS=='mac'",
          {
            "xcode_settings": {
              "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
              "GCC_OPTIMIZATION_LEVEL": "3",
              "GCC_ENABLE_CPP_EXCEPTIONS": "YES",
              "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
              "OTHER_CPLUSPLUSFLAGS": ["<!@(node -p \"require('./native/build.json').flags.bits.join(' ')\")"]
            }
          }
        ],
        [
          "OS=='win'",
          {
            "msvs_settings": {
              "VCCLCompilerTool": { "ExceptionHandling": 1, "AdditionalOptions": ["/std:c++17", "/O2", "/fp:precise"] }
            }
          }
        ]
      ]
    }
  ]
}
