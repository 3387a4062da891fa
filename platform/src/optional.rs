//! Reads that a program can do without.

use async_trait::async_trait;
use trustpath_core::{Answer, Class, Context, Read, Result, Right};

/// A read for which no right is asked: that it is denied is an answer.
#[derive(Debug)]
pub struct Optional<R>(pub R);

#[async_trait]
impl<R: Read> Read for Optional<R> {
    fn rights(&self) -> Vec<Right> {
        Vec::new()
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        // What others read as well is read once, whatever a denial means to each.
        match cx.read(&self.0).await {
            Err(failure) if failure.class() == Class::Denied => Ok(Answer::Refused(failure.to_string())),
            answer => answer.map(|answer| Answer::clone(&answer)),
        }
    }
}

/// A read for a remark alone, for which no right is asked: whatever comes in its way is an answer.
#[derive(Debug)]
pub struct Remark<R>(pub R);

#[async_trait]
impl<R: Read> Read for Remark<R> {
    fn rights(&self) -> Vec<Right> {
        Vec::new()
    }

    async fn perform(&self, cx: &Context) -> Result<Answer> {
        Ok(match cx.read(&self.0).await {
            Ok(answer) => Answer::clone(&answer),
            Err(failure) => Answer::Refused(failure.to_string()),
        })
    }
}
