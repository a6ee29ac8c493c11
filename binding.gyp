{
  "includes": ["native/addon.gypi"],
  "targets": [
    {
      # Of V8's interface: for the version of Node that it is built with, unlike the addon.
      "target_name": "evenkeel_memory",
      "sources": ["<!@(node -p \"require('./native/sources.json').memory.join(' ')\")"],
      "conditions": [
        [
          "OS=='linux'",
          {
            # Node's own macro for an addon casts so.
            "cflags_cc": ["-Wall", "-Wno-cast-function-type"],
            "conditions": [["werror=='true'", { "cflags_cc": ["-Werror"] }]]
          }
        ]
      ]
    }
  ]
}
