{
  # What a published binary has beyond a source build (native/addon.gypi). layout.mjs includes it.
  "target_defaults": {
    "conditions": [
      [
        "OS=='linux'",
        {
          # Each function gets a section of its own, so that the linker can remove functions that are not called.
          "cflags": ["-ffunction-sections", "-fdata-sections"],
          "ldflags": [
            "-Wl,--gc-sections",
            "-Wl,--as-needed",
            # The user's machine needs no C++ runtime.
            "-static-libgcc",
            "-static-libstdc++",
            # The C++ runtime that is linked in stays hidden, because another addon may bring another version.
            "-Wl,--exclude-libs,ALL",
            "-Wl,--version-script=<(module_root_dir)/exports.map",
            # If the host lacks a function, the load fails and names it. Otherwise a later call would fail.
            "-Wl,-z,now",
            "-Wl,-z,relro",
            "-Wl,--build-id=none"
          ]
        }
      ],
      [
        "OS=='mac'",
        {
          "xcode_settings": {
            "OTHER_LDFLAGS": [
              "-Wl,-dead_strip",
              "-Wl,-exported_symbol,_napi_register_module_v1",
              "-Wl,-exported_symbol,_node_api_module_get_api_version_v1"
            ]
          }
        }
      ],
      [
        "OS=='win'",
        {
          "msvs_settings": {
            # /Brepro writes a hash where the time would be. Debug information would contain the path of its file.
            "VCCLCompilerTool": { "AdditionalOptions": ["/Brepro"] },
            "VCLinkerTool": { "AdditionalOptions": ["/Brepro", "/DEBUG:NONE", "/OPT:REF", "/OPT:ICF"] }
          }
        }
      ]
    ]
  }
}
