//! Reads where answers lead to more reads.

use super::{Answers, Context, Reads, state::defect};
use crate::failure::Result;

/// How often answers may lead to more reads.
const ROUNDS: usize = 5;

/// Performs what is read, given what was answered so far, until that names nothing new. What was answered may be named again.
///
/// # Errors
/// When something cannot be read, or there is no end of it.
pub(super) async fn read_in_rounds(reads: impl Fn(&Answers) -> Reads, cx: &Context) -> Result<Answers> {
    let mut answers = Answers::default();
    for _ in 0..ROUNDS {
        let more = reads(&answers).besides(|name| answers.has(name));
        if more.is_empty() {
            return Ok(answers);
        }
        answers.extend(more.perform(cx).await?);
    }
    Err(defect("what is read leads to more reads, and that has no end").into())
}
