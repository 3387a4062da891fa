//! Moments by this machine's own clock, which goes on while the process is stopped or the machine sleeps.

use std::time::Duration;

use tokio::time::Instant;

/// A moment of the past.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    instant: Instant,
    since_boot: Option<Duration>,
}

impl Moment {
    pub(super) fn now() -> Self {
        Self { instant: Instant::now(), since_boot: since_boot() }
    }

    /// How long ago it was. Linux stops `CLOCK_MONOTONIC`, by which `Instant` counts, while the machine sleeps:
    /// `CLOCK_BOOTTIME` goes on.
    pub(super) fn elapsed(self) -> Duration {
        let awake = self.instant.elapsed();
        let all = since_boot().zip(self.since_boot).map(|(now, then)| now.saturating_sub(then));
        all.unwrap_or_default().max(awake)
    }
}

#[cfg(target_os = "linux")]
fn since_boot() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Some(Duration::new(time.tv_sec.try_into().ok()?, time.tv_nsec.try_into().ok()?))
}

#[cfg(not(target_os = "linux"))]
fn since_boot() -> Option<Duration> {
    None
}
