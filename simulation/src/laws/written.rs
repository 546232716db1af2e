//! What an invocation wrote to the ledger, and what is new in it.

use std::rc::Rc;

use serde_json::Value;

use super::ledger::plain;
use super::watch::Watch;
use crate::journal::{Entry, What};

/// An item of the ledger that was written.
pub(super) struct Written {
    /// By which invocation.
    pub(super) invocation: u64,
    /// What it is about: `service/huskit-prod/crawler`.
    pub(super) pk: String,
    /// `rollout`, `capacity` and so on.
    pub(super) sk: String,
    /// As it is now.
    pub(super) item: Rc<Value>,
    /// As it was before; null where there was none.
    pub(super) before: Rc<Value>,
}

impl Written {
    /// What a call wrote, if it took effect; remembers it.
    pub(super) fn of(watch: &mut Watch, entry: &Entry) -> Option<Written> {
        let What::Call { invocation, service: "dynamodb", operation, input, answer: Ok(_), .. } = &entry.what else {
            return None;
        };
        if operation != "PutItem" {
            return None;
        }
        let item = Rc::new(plain(&input["Item"], true));
        let text = |field: &str| item[field].as_str().unwrap_or_default().to_owned();
        let (pk, sk) = (text("pk"), text("sk"));
        let before = watch.items.insert((pk.clone(), sk.clone()), Rc::clone(&item)).unwrap_or_default();
        Some(Written { invocation: *invocation, pk, sk, item, before })
    }

    /// The last part of what it is about: the name of a service.
    pub(super) fn name(&self) -> &str {
        self.pk.rsplit('/').next().unwrap_or_default()
    }

    /// Entries of its history that are new.
    pub(super) fn events(&self) -> impl Iterator<Item = &Value> {
        let last = self.before["history"].get(0);
        self.item["history"].as_array().into_iter().flatten().take_while(move |event| Some(*event) != last)
    }
}
