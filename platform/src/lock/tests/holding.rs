//! Holding it: renewed, lost, noted, given back.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{
    memory::{Fault, Memory},
    *,
};

#[tokio::test(start_paused = true)]
async fn a_held_lock_never_runs_short_of_a_request() {
    let memory = Memory::default();
    let held = Hand::of("a").take(&memory).await.unwrap();
    for _ in 0..1000 {
        sleep(Duration::from_secs(7)).await;
        assert!(held.guard().remaining() >= LEASE - LEASE / 4, "{:?}", held.guard().remaining());
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_left_counts_from_before_the_renewal_was_sent() {
    let memory = Memory::default();
    let held = Hand::of("a").take(&memory).await.unwrap();
    let slow = Duration::from_secs(20);
    memory.inside(|inside| inside.slow = slow);
    sleep(LEASE / 4 + slow + Duration::from_secs(1)).await;
    assert_eq!(held.guard().remaining(), LEASE - slow - Duration::from_secs(1), "the renewal has just been answered");
    memory.inside(|inside| inside.down = true);
    sleep(LEASE).await;
    assert_eq!(held.guard().remaining(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_no_one_touched_is_renewed_however_late() {
    let memory = Memory::default();
    let held = Hand::of("a").take(&memory).await.unwrap();
    memory.inside(|inside| inside.down = true);
    sleep(LEASE * 2).await;
    assert_eq!(held.guard().remaining(), Duration::ZERO);
    memory.inside(|inside| inside.down = false);
    sleep(Duration::from_secs(2)).await;
    assert!(held.guard().remaining() > LEASE / 2);
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_another_client_has_is_lost_for_good_and_left_alone() {
    let memory = Memory::default();
    let held = Hand::of("a").take(&memory).await.unwrap();
    memory.inside(|inside| inside.record = Some((99, theirs())));
    sleep(LEASE / 4 + Duration::from_secs(1)).await;
    assert_eq!(held.guard().remaining(), Duration::ZERO);
    memory.inside(|inside| inside.record = None);
    sleep(LEASE).await;
    assert_eq!((held.guard().remaining(), memory.claim()), (Duration::ZERO, None), "nothing is taken again");
    memory.inside(|inside| inside.record = Some((99, theirs())));
    assert_eq!(code(&held.begin(unfinished()).await.unwrap_err()), "trustpath::lock::lost");
    held.release().await.unwrap();
    assert_eq!(memory.claim(), Some(theirs()));
}

#[tokio::test(start_paused = true)]
async fn a_record_that_was_removed_by_hand_is_lost() {
    let memory = Memory::default();
    let held = Hand::of("a").take(&memory).await.unwrap();
    memory.inside(|inside| inside.record = None);
    sleep(LEASE / 2).await;
    assert_eq!(held.guard().remaining(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_costs_nothing() {
    for fault in [Fault::AnswerLost, Fault::Silent] {
        let memory = Memory::default();
        if fault == Fault::AnswerLost {
            memory.fault(fault);
        }
        let held = Hand::of("a").take(&memory).await.unwrap();
        for _ in 0..5 {
            memory.fault(fault);
            sleep(LEASE).await;
            assert!(held.guard().remaining() > Duration::ZERO, "{fault:?}");
        }
        memory.fault(fault);
        held.begin(unfinished()).await.unwrap();
        assert_eq!(memory.claim().unwrap().unfinished, Some(unfinished()));
        memory.fault(fault);
        held.guard().clear().await.unwrap();
        assert_eq!(memory.claim().unwrap().unfinished, None);
        if fault == Fault::AnswerLost {
            memory.fault(fault);
        }
        held.release().await.unwrap();
        assert_eq!(memory.claim(), None, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_has_not_ended_stays_on_record() {
    let memory = Memory::default();
    let held = Hand::of("a").take(&memory).await.unwrap();
    held.begin(unfinished()).await.unwrap();
    held.release().await.unwrap();
    assert_eq!(memory.claim(), Some(Claim { holder: None, unfinished: Some(unfinished()), ..theirs() }));
    let begun = Instant::now();
    let refused = Hand::of("b").take(&memory).await.err().unwrap();
    assert_eq!(code(&refused), "trustpath::lock::unfinished_elsewhere");
    let on = Hand { purpose: LockPurpose::GoOn("d".into()), ..Hand::of("b") }.take(&memory).await.unwrap();
    on.release().await.unwrap();
    assert_eq!(memory.claim().unwrap().unfinished, Some(unfinished()), "going on did not come to its end either");
    let on = Hand { purpose: LockPurpose::GoOn("d".into()), ..Hand::of("b") }.take(&memory).await.unwrap();
    on.guard().clear().await.unwrap();
    on.release().await.unwrap();
    assert_eq!(memory.claim(), None);
    assert_eq!(begun.elapsed(), Duration::ZERO, "no one holds it: there is nothing to wait for");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_could_not_be_noted_has_not_begun() {
    let memory = Memory::default();
    let held = Hand::of("a").take(&memory).await.unwrap();
    memory.fault(Fault::Denied);
    assert_eq!(code(&held.begin(unfinished()).await.unwrap_err()), "trustpath::vault::denied");
    held.release().await.unwrap();
    assert_eq!(memory.claim(), None, "it would keep everybody else out");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_over_leaves_a_record_that_cannot_be_written_with_the_record() {
    let memory = Memory::default();
    let held = Hand::of("a").take(&memory).await.unwrap();
    held.begin(unfinished()).await.unwrap();
    memory.fault(Fault::Denied);
    held.guard().clear().await.unwrap();
    assert_eq!((memory.claim(), held.guard().remaining()), (None, Duration::ZERO), "nothing more is sent under it");
    assert_eq!(held.release().await.unwrap().map(|why| code(&why)), None);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_could_not_be_taken_off_stays_on_record() {
    let memory = Memory::default();
    let held = Hand::of("a").take(&memory).await.unwrap();
    held.begin(unfinished()).await.unwrap();
    memory.inside(|inside| inside.down = true);
    assert_eq!(code(&held.guard().clear().await.unwrap_err()), "trustpath::vault::unreachable");
    memory.inside(|inside| inside.down = false);
    sleep(LEASE / 2).await;
    assert_eq!(memory.claim().unwrap().unfinished, Some(unfinished()), "its journal does not say that it has ended");
    held.release().await.unwrap();
    assert_eq!(memory.claim(), Some(Claim { holder: None, unfinished: Some(unfinished()), ..theirs() }));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_does_not_begin_leaves_what_was_there() {
    let memory = Memory::default();
    let other = Unfinished { run: "s".into(), digest: "e".into(), ..unfinished() };
    for there in [None, Some(other)] {
        dead(&memory, Claim { holder: None, unfinished: there.clone(), ..theirs() });
        let held = Hand { purpose: LockPurpose::GoOn("e".into()), ..Hand::of("a") }.take(&memory).await.unwrap();
        held.begin(unfinished()).await.unwrap();
        assert_eq!(memory.claim().unwrap().unfinished, Some(unfinished()));
        held.withdraw().await;
        held.release().await.unwrap();
        assert_eq!(memory.claim().and_then(|claim| claim.unfinished), there);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_lock_never_named_is_taken_off_without_a_request() {
    let memory = Memory::default();
    let held = Hand::of("a").take(&memory).await.unwrap();
    memory.inside(|inside| inside.down = true);
    held.guard().clear().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_not_there_is_told() {
    let memory = Memory::default();
    memory.inside(|inside| inside.down = true);
    assert_eq!(code(&Hand::of("a").take(&memory).await.err().unwrap()), "trustpath::vault::unreachable");
    memory.inside(|inside| inside.down = false);
    let held = Hand::of("a").take(&memory).await.unwrap();
    memory.inside(|inside| inside.down = true);
    assert!(held.release().await.is_err(), "what is left of it is told");
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_ends_with_its_run_goes_in_one_request() {
    for lost in [None, Some(Fault::AnswerLost)] {
        let memory = Memory::default();
        let held = Hand::of("a").take(&memory).await.unwrap();
        held.begin(unfinished()).await.unwrap();
        let written = memory.inside(|inside| inside.written);
        lost.into_iter().for_each(|fault| memory.fault(fault));
        let guard = held.guard_until_clear();
        guard.clear().await.unwrap();
        assert_eq!((memory.claim(), memory.inside(|inside| inside.written)), (None, written + 1));
        assert_eq!(guard.remaining(), Duration::ZERO, "nothing more is sent under it");
        assert_eq!(held.release().await.unwrap().map(|why| code(&why)), None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_cannot_end_with_its_run_still_names_it() {
    let memory = Memory::default();
    let held = Hand::of("a").take(&memory).await.unwrap();
    held.begin(unfinished()).await.unwrap();
    memory.fault(Fault::Denied);
    assert_eq!(code(&held.guard_until_clear().clear().await.unwrap_err()), "trustpath::vault::denied");
    assert!(held.names_a_run().await && held.guard().remaining() > Duration::ZERO);
}
