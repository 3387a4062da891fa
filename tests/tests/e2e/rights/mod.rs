//! The rights that `permissions` prints, and nothing more.

mod one_by_one;
mod pins;

use std::sync::Arc;

pub(crate) use one_by_one::{
    none_is_too_much, none_is_too_much_for_a_jwt_chain, none_is_too_much_for_an_app_role,
    none_is_too_much_where_a_step_makes_the_reviewer,
};
pub(crate) use pins::another_value_is_refused;
use trustpath_tests::{least::Least, pair::Pair, view};

/// Every verb, with nothing but what `permissions` printed.
pub(crate) async fn printed_is_enough(pair: Arc<Pair>) {
    let (least, program) = Least::standard(&pair).await;
    let before = view::snapshot(&pair).await;
    program.fails(2, &["plan", "--detailed-exitcode"]).await;
    program.ok(&["apply", "--yes"]).await;
    program.ok(&["verify"]).await;
    program.ok(&["rollback", "--yes"]).await;
    view::assert_same(&before, &view::snapshot(&pair).await, "the rollback left something");
    program.ok(&["apply", "--yes"]).await;
    program.ok(&["destroy", "--yes"]).await;
    view::assert_same(&before, &view::snapshot(&pair).await, "destroy left something");
    least.leave(&pair).await;
}
