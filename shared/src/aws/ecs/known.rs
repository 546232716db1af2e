//! Revisions that were read while the process lives. They are immutable:
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/update-task-definition-console-v2.html>.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use planner::model::Revision;

use super::raw;

/// Most revisions that are kept: each is about 6 KB of text.
const KEPT: usize = 1_500;

/// Revisions by ARN, as the text that ECS answered with: a fraction of what they take once they are parsed.
#[derive(Clone, Debug, Default)]
pub(super) struct Known(Arc<Mutex<BTreeMap<String, Vec<u8>>>>);

impl Known {
    pub(super) fn keep(&self, arn: &str, text: Vec<u8>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KEPT {
            // Most of them are of services that have moved on.
            known.clear();
        }
        known.insert(arn.to_owned(), text);
    }

    pub(super) fn revision(&self, arn: &str) -> Option<Revision> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Revision::from_answer(&raw::json(known.get(arn)?).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::aws::Ecs;
    use crate::aws::testing::{Replay, run};

    fn answer(arn: &str) -> serde_json::Value {
        json!({"taskDefinition": {"taskDefinitionArn": arn, "family": "web", "containerDefinitions": [], "aNewField": 1}})
    }

    #[test]
    fn a_revision_is_read_once_and_again_only_for_those_who_copy_it() {
        let replay = Replay::new(&[(200, answer("web:1")), (200, answer("web:1"))]);
        let ecs = Ecs::new(&replay.connection());
        run(async {
            let first = ecs.known_revision("web:1").await.unwrap();
            assert_eq!(ecs.known_revision("web:1").await.unwrap(), first);
            assert_eq!(replay.sent().len(), 1);
            assert_eq!(ecs.revision("web:1").await.unwrap(), first);
        });
        assert_eq!(replay.sent().len(), 2);
    }

    #[test]
    fn so_many_are_kept_and_no_more() {
        let known = Known::default();
        for n in 0..=KEPT {
            let arn = format!("web:{n}");
            known.keep(&arn, answer(&arn).to_string().into_bytes());
        }
        assert!(known.revision("web:0").is_none());
        assert_eq!(known.revision(&format!("web:{KEPT}")).unwrap().arn(), format!("web:{KEPT}"));
    }
}
