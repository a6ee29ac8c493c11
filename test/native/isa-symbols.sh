#!/bin/sh
# isa-symbols.sh NM OBJECT...: fails where an instruction set's object shares a function with others. The linker keeps one
# copy of such a function, perhaps that with instructions which the CPU lacks.
nm=$1
shift
checked=0
for object in "$@"; do
  case $object in */isa/*) ;; *) continue ;; esac
  checked=$((checked + 1))
  shared=$("$nm" -C "$object" | grep ' [VWu] .*evenkeel')
  if [ -n "$shared" ]; then
    echo "$object shares: $shared"
    exit 1
  fi
done
echo "$checked objects"
[ "$checked" -gt 0 ]
