// All kernels on the vectors of simd/*.h. A file comes after the files that it uses. Included by isa/*.cc inside its
// namespace; no include guard.

#include "kernels/step.inl.h"
#include "kernels/storage.inl.h"
#include "kernels/map.inl.h"
#include "kernels/reduce.inl.h"
#include "kernels/spans.inl.h"
#include "kernels/planes_reduce.inl.h"
#include "kernels/planes_map.inl.h"
#include "kernels/groups.inl.h"
#include "kernels/rows.inl.h"
#include "kernels/short_rows.inl.h"
#include "kernels/rows_forward.inl.h"
#include "kernels/rows_backward.inl.h"
#include "kernels/affine_sums.inl.h"
#include "kernels/columns_reduce.inl.h"
#include "kernels/columns_map.inl.h"
#include "kernels/table.inl.h"
