// The end of a region that isa/target_begin.h, beside this file, did not open.
