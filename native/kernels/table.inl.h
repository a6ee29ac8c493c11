// The kernel tables of this instruction set. Included last by isa/*.cc inside its namespace; no include guard.

template <typename V>
constexpr KernelTable<typename V::Scalar> make_table() {
  using T = typename V::Scalar;
  return {span_moments<V>,
          span_gradient_sums<V>,
          planes_moments<V>,
          planes_gradient_sums<V>,
          planes_map<V>,
          planes_map_gradient<V>,
          planes_map_given<V>,
          groups_forward<V>,
          rows_forward<V>,
          rows_backward<V>,
          rows_end_block<V>,
          add_to_gradient<V, T>,
          add_to_gradient<V, double>,
          part_map<V>,
          part_gradient_sums<V>,
          part_map_gradient<V>,
          columns_moments<V>,
          columns_gradient_sums<V>,
          columns_map<V>,
          columns_map_gradient<V>,
          columns_map_given<V>};
}

static constexpr KernelTable<float> kFloat32 = make_table<F32>();
static constexpr KernelTable<double> kFloat64 = make_table<F64>();
