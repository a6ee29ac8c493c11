{
  # Warnings are errors in `npm run check`, but no reason for a user's newer compiler to fail.
  "variables": { "werror%": "false" },
  # The addon of a source build: the repository's binding.gyp includes it, and `evenkeel build` for an installed package,
  # each from the folder above. native/sources.json is the one list of sources.
  "targets": [
    {
      "target_name": "evenkeel",
      "sources": [
        "<!@(node -p \"const s = require('./native/sources.json'); [...s.kernels, ...s.core, ...s.binding].join(' ')\")"
      ],
      "include_dirs": ["."],
      "defines": ["NAPI_VERSION=8", "NODE_API_NO_EXTERNAL_BUFFERS_ALLOWED"],
      "conditions": [
        [
          "OS=='linux'",
          {
            "cflags_cc": [
              "-std=c++17", "-O3", "-pthread", "-Wall", "-Wextra",
              # No fused multiply-add: the bits are those of separate, correctly rounded operations.
              "-ffp-contract=off",
              # sqrt is then one instruction; nothing reads errno.
              "-fno-math-errno",
              "-fvisibility=hidden"
            ],
            "conditions": [["werror=='true'", { "cflags_cc": ["-Werror"] }]],
            "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-fno-exceptions"],
            # The team's sleeping threads live in this code: it must not be unmapped when a worker ends.
            "ldflags": ["-pthread", "-Wl,-z,nodelete"],
            # dlsym (binding/memory.cc), before glibc 2.34
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
              "OTHER_CPLUSPLUSFLAGS": ["-ffp-contract=off", "-fno-math-errno"]
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
