//! An invocation that dies anywhere: right before and right after each of its calls that writes. What comes of it in the end is what
//! comes without the crash, nothing is done twice, and no message is missing.

// What cannot be played fails the test.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;
use std::rc::Rc;

use simulation::account::Account;
use simulation::story::play;

/// What comes before, what happens, the function that dies, and how many of its calls write at least.
const PATHS: [(&str, &str, &str, usize); 5] = [
    ("begin 2026-11-16T09:00:00Z\n\n> push website-agent good\n\n> pass 12m", "errors website-agent 20m", "alarm", 4),
    ("begin 2026-11-16T09:00:00Z", "spend 476.90\n\n> pass 30m", "budget", 4),
    ("begin 2026-11-16T09:00:00Z", "push website-agent good", "rollout", 8),
    ("begin 2026-11-16T20:50:00Z", "pass 20m", "capacity", 4),
    (ASLEEP, "pass 20m", "capacity", 4),
];

/// The crawler has run on Spot, and sleeps for some minutes more.
const ASLEEP: &str = r#"begin 2026-11-17T04:50:00Z

> pass 20m

> request {"action":"sleep","service":"crawler","until":"20m","by":"anna"}

> pass 10m"#;

/// What can be seen of a play.
#[derive(Debug, PartialEq)]
struct Seen {
    /// The services in the end.
    services: Vec<String>,
    deployments: usize,
    revisions: usize,
    invalidations: BTreeSet<String>,
    subjects: BTreeSet<String>,
}

fn seen(played: &str) -> Seen {
    let lines = |with: &str| played.lines().filter(|line| line.contains(with)).map(str::to_owned).collect::<Vec<_>>();
    let took_effect = |line: &&String| !line.contains(" -> ") && !line.contains("before the call");
    // Ids and times differ from play to play, and so does what of an image is known first.
    let plain = |text: &str| {
        let words = text.split(' ').filter(|word| *word != "latest" && !word.contains(char::is_numeric));
        words.collect::<Vec<_>>().join(" ")
    };
    Seen {
        services: lines(": desired "),
        deployments: lines("SERVICE_DEPLOYMENT_IN_PROGRESS").len(),
        revisions: lines("ecs:RegisterTaskDefinition").iter().filter(took_effect).count(),
        invalidations: lines("CreateInvalidation").iter().filter(took_effect).map(|line| plain(line)).collect(),
        subjects: lines("message: ").iter().map(|line| plain(line)).collect(),
    }
}

#[test]
fn a_crash_around_any_write_heals_without_doing_anything_twice() {
    let account = Rc::new(Account::huskit(&[("FirstDeploy", "false")]));
    for (before, trigger, function, least) in PATHS {
        let story = |crash: &str| format!("> {before}\n\n{crash}> {trigger}\n\n> pass 50m\n\n> show\n");
        let calm = play(&account, &story(""), false).unwrap();
        for (when, number) in ["before", "after"].into_iter().flat_map(|when| (0..).map(move |number| (when, number))) {
            let crash = format!("> crash {function} {when} {number}\n\n");
            let played = play(&account, &story(&crash), false).unwrap();
            if !played.contains("(the process ends") {
                assert!(number >= least, "{trigger}: {function} writes {number} times");
                break;
            }
            assert_eq!(seen(&played), seen(&calm), "{crash}{played}");
            let messages = |played: &str| played.lines().filter(|line| line.contains("message: ")).count();
            // Sent and not yet crossed out is the one moment from which a message is sent again: see docs/decisions.md.
            let again = messages(&played) - messages(&calm);
            assert!(again <= 1, "{crash}{played}");
        }
    }
}
