//! The shortest story that still fails: what happens and what goes wrong is removed one by one.

use std::rc::Rc;

use jiff::SignedDuration;

use crate::account::Account;
use crate::people::Plan;
use crate::run::{Keep, run};
use crate::weather::Weather;

/// Most runs that are spent on it.
const RUNS: usize = 150;

/// Removes acts and faults for as long as the same law is broken.
pub fn shrink(account: &Rc<Account>, plan: &Plan, seed: u64, mut progress: impl FnMut(usize, &Plan)) -> Plan {
    let Some(law) = run(account, plan, seed, Keep::Nothing).broken.map(|broken| broken.law) else {
        return plan.clone();
    };
    let (mut best, mut runs) = (plan.clone(), 0);
    let mut fails = |plan: &Plan| {
        runs += 1;
        progress(runs, plan);
        runs <= RUNS && run(account, plan, seed, Keep::Nothing).broken.is_some_and(|broken| broken.law == law)
    };
    // First all faults at once, then one by one.
    for calm in calmer(&best.weather) {
        let tried = Plan { weather: calm, ..best.clone() };
        if tried.weather != best.weather && fails(&tried) {
            best = tried;
        }
    }
    let mut size = best.acts.len() / 2;
    while size > 0 {
        let mut at = 0;
        while at < best.acts.len() {
            let mut tried = best.clone();
            tried.acts.drain(at..(at + size).min(best.acts.len()));
            if fails(&tried) {
                best = tried;
            } else {
                at += size;
            }
        }
        size /= 2;
    }
    for hours in [1, 2, 4, 8, 12, 24] {
        let lasts = SignedDuration::from_hours(hours);
        let mut tried = Plan { lasts, ..best.clone() };
        tried.acts.retain(|(at, _)| *at < lasts);
        if lasts < best.lasts && fails(&tried) {
            best = tried;
            break;
        }
    }
    best
}

/// The weather with one kind of fault less, each.
fn calmer(weather: &Weather) -> Vec<Weather> {
    let calm = Weather::CALM;
    let mut all = vec![calm.clone()];
    let mut one = weather.clone();
    macro_rules! calm {
        ($($field:ident),*) => {$(
            one.$field = calm.$field.clone();
            all.push(one.clone());
        )*};
    }
    calm!(
        killed,
        lost_answers,
        lost_calls,
        server_errors,
        server_errors_after,
        throttled,
        partial,
        duplicates,
        late,
        late_for,
        lost_events,
        skipped_ticks,
        recycled,
        clock_skew,
        refused_messages,
        stale,
        stale_for
    );
    all
}
