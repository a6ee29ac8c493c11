// The kernel tables of this instruction set. Included last by isa/*.cc inside its namespace; no include guard.

template <typename S>
constexpr KernelTable<S> make_table() {
  using T = Compute<S>;
  KernelTable<S> table{};
  table.span_moments = span_moments<S>;
  table.span_gradient_sums = span_gradient_sums<S>;
  table.planes_moments = planes_moments<S>;
  table.planes_gradient_sums = planes_gradient_sums<S>;
  table.planes_map = planes_map<S>;
  table.planes_map_gradient = planes_map_gradient<S>;
  table.planes_map_given = planes_map_given<S>;
  table.groups_forward = groups_forward<S>;
  table.rows_forward = rows_forward<S>;
  table.rows_backward = rows_backward<S>;
  table.rows_end_block = rows_end_block<T>;
  table.add_block_to_gradient = add_to_gradient<T, T>;
  table.add_sums_to_gradient = add_to_gradient<T, double>;
  table.part_map = part_map<S>;
  table.part_gradient_sums = part_gradient_sums<S>;
  table.part_map_gradient = part_map_gradient<S>;
  table.columns_moments = columns_moments<S>;
  table.columns_gradient_sums = columns_gradient_sums<S>;
  table.columns_extrema = columns_extrema<S>;
  table.columns_map = columns_map<S>;
  table.columns_map_gradient = columns_map_gradient<S>;
  table.columns_map_given = columns_map_given<S>;
  return table;
}

static constexpr KernelTable<float> kFloat32 = make_table<float>();
static constexpr KernelTable<double> kFloat64 = make_table<double>();
