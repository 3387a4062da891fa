//! Failures as answers.

use async_trait::async_trait;
use trustpath_core::{Answer, Class, Context, Read, Result, Right, failure::Report};

/// A read whose failure is an answer where something is wrong with what the graph file names. A server that cannot be
/// asked is a failure still.
#[derive(Debug)]
pub(super) struct Judged<R>(pub(super) R);

#[async_trait]
impl<R: Read> Read for Judged<R> {
    fn rights(&self) -> Vec<Right> {
        self.0.rights()
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        match self.0.perform(cx).await {
            Err(failure) if is_told(failure.class()) => Ok(Answer::Failed(failure.report())),
            answer => answer,
        }
    }
}

pub(crate) fn is_told(class: Class) -> bool {
    matches!(class, Class::Config | Class::Missing | Class::Conflict | Class::Refused)
}

/// Why it does not hold, and what to do next, in the words of a failure.
pub(crate) fn told(report: Report) -> (String, String) {
    let why = [vec![report.message], report.causes].concat().join(": ");
    (why, report.help.unwrap_or_default())
}
