//! An invocation that dies anywhere.

use std::collections::BTreeSet;

use serde_json::json;

use super::{REPOSITORY, distribution, scenario};

/// A crash right before and right after each call that writes: the call is refused, and the invocation ends there.
/// After two minutes the tick goes on. Nothing happens twice.
#[test]
fn a_crash_around_any_write_heals_without_doing_anything_twice() {
    let mut scenario = scenario();
    let writes = [
        ("PutItem", 0),
        ("RegisterTaskDefinition", 0),
        ("UpdateService", 0),
        ("PutItem", 1),
        ("PutItem", 2),
        ("PutImage", 0),
        ("PutImage", 1),
        ("CreateInvalidation", 0),
        ("PutItem", 3),
        ("Publish", 0),
        ("PutItem", 4),
    ];
    let distribution = distribution(&scenario);
    for (operation, skip) in writes {
        for after in [false, true] {
            let at = format!("{} {operation} number {}", if after { "after" } else { "before" }, skip + 1);
            let (revisions, invalidations) =
                (scenario.revisions(), scenario.cloud.invalidations(&distribution).unwrap().len());
            scenario.calls();
            let image = scenario.push(None);
            let fault = json!({"operation": operation, "skip": skip, "times": 1, "after": after, "status": 400, "code": "AccessDeniedException"});
            scenario.faults(json!([fault]));
            scenario.deliver(&scenario.cloud.push_event(&image));
            scenario.settle();
            scenario.faults(json!([]));
            for _ in 0..3 {
                scenario.age_ledger();
                scenario.tick().unwrap();
                scenario.settle();
            }
            assert!(scenario.runs(&image), "{at}: the image does not run");
            assert_eq!(scenario.cloud.tagged(REPOSITORY, "live").unwrap().as_ref(), Some(&image.digest), "{at}");
            assert_eq!(scenario.revisions(), revisions + 1, "{at}: revisions");
            let updates = scenario.calls().iter().filter(|call| *call == "UpdateService").count();
            let repeated = usize::from(operation == "UpdateService" && !after);
            assert_eq!(updates, 1 + repeated, "{at}: calls of UpdateService");
            assert_eq!(
                scenario.cloud.invalidations(&distribution).unwrap().len(),
                invalidations + 1,
                "{at}: invalidations"
            );
            let messages: Vec<String> = scenario.messages().into_iter().map(|message| message.subject).collect();
            // Sent and not yet crossed out is the one moment from which a message is sent again: see docs/decisions.md.
            let sent_but_not_crossed_out =
                (operation == "Publish" && after) || (operation == "PutItem" && skip == 4 && !after);
            // The release does not wait for its tags and the CDN; that they are refused is announced once.
            let (incomplete, complete): (Vec<_>, Vec<_>) =
                messages.iter().partition(|subject| subject.starts_with("Release incomplete"));
            let refused = ["PutImage", "CreateInvalidation"].contains(&operation);
            assert_eq!(incomplete.len(), usize::from(refused), "{at}: {messages:?}");
            assert_eq!(complete.len(), 1 + usize::from(sent_but_not_crossed_out), "{at}: {messages:?}");
            assert_eq!(complete.iter().collect::<BTreeSet<_>>().len(), 1, "{at}: {messages:?}");
        }
    }
}
