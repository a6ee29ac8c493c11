// Stands before native/isa/target_begin.h in the emulated build: no instructions beyond the baseline.
