//! What the tag policy of one repository offers.
//!
//! The move of a tag is the order: push times order only different images that a policy selected among at once. A late
//! event changes nothing, because what the tag names *now* is compared with what it named when that was last acted on.

use jiff::{SignedDuration, Timestamp};

use crate::model::Image;
use crate::rollout::inputs::Inputs;
use crate::rollout::policy::ImagePolicy;
use crate::rollout::reason::Reason;
use crate::rollout::record::Order;
use crate::rollout::{scan_gate, signature_gate};

/// How long after an order an image that is older than it may be an answer from before: ECR does not document that its
/// reads are consistent with its writes.
const SETTLES: SignedDuration = SignedDuration::from_mins(2);

/// Times of ECR and EventBridge may be cut to seconds.
const WHOLE_SECOND: SignedDuration = SignedDuration::from_secs(1);

/// What the tag policy of one repository offers.
pub(super) enum Offer {
    /// Nothing new.
    Nothing,
    /// A new order that may be rolled out.
    Take(Image),
    /// A new order that may not be rolled out, or not yet, and why.
    Refuse(Reason),
    /// A new order that is answered without a rollout: it runs already, or is refused for good.
    Note(Order, Option<Reason>),
    /// The first look at it: what was ordered before is not known.
    FirstLook(Order),
}

pub(super) fn offer(inputs: &Inputs<'_>, policy: &ImagePolicy, current: Option<&Image>) -> Offer {
    let Inputs { record, observed, now, .. } = inputs;
    let key = policy.key();
    if let Some(error) = observed.unread.get(&key) {
        return Offer::Refuse(Reason::Unread { repository: key, error: error.clone() });
    }
    let selected = observed.candidates.get(&key).cloned().flatten();
    let order = Order { image: selected.clone(), at: *now };
    let last = last_order(inputs, &key);
    if last.is_none() && !inputs.has_no_image() {
        return Offer::FirstLook(order);
    }
    let Some(image) = selected else {
        return match current {
            Some(_) => Offer::Nothing,
            None => Offer::Refuse(Reason::NoImage { repository: key, tag: policy.tag.to_string() }),
        };
    };
    let last_image = last.as_ref().and_then(|last| last.image.as_ref());
    let quarantined = record.quarantined(&key, &image.digest);
    let runs = current.is_some_and(|current| current.digest == image.digest);
    if last_image.is_some_and(|last| last.digest == image.digest) {
        return match (quarantined, current) {
            (Some(_), _) if runs => Offer::Nothing,
            (Some(entry), _) => Offer::Refuse(Reason::quarantined(image, entry)),
            (None, None) if inputs.has_no_image() => gated(inputs, policy, image),
            (None, _) => Offer::Nothing,
        };
    }
    if let (Some(last), Some(ordered)) = (&last, last_image) {
        let moved = image.tag == ordered.tag || image.pushed_at > last.at;
        if !moved && !policy.tag.prefers(&image, ordered) {
            let reason = Reason::Older { image, than: ordered.clone() };
            return Offer::Note(order, Some(reason));
        }
        let pushed = observed.pushed.as_ref().filter(|pushed| pushed.image.digest == image.digest);
        let since = |at: Timestamp| at + WHOLE_SECOND > last.at;
        let reported = pushed.is_some_and(|pushed| pushed.at.is_some_and(since));
        let until = last.at + SETTLES;
        if !since(image.pushed_at) && !reported && *now < until {
            return Offer::Refuse(Reason::TagSettles { image, until });
        }
    }
    if runs {
        return Offer::Note(order, None);
    }
    match quarantined {
        Some(entry) => Offer::Note(order, Some(Reason::quarantined(image, entry))),
        None => gated(inputs, policy, image),
    }
}

/// Takes the image, unless a freeze, the hold of another release or a gate holds it.
fn gated(inputs: &Inputs<'_>, policy: &ImagePolicy, image: Image) -> Offer {
    if let Some(freeze) = inputs.record.freeze(inputs.now) {
        return Offer::Refuse(Reason::Frozen { image, freeze: freeze.clone() });
    }
    if let Some(hold) = inputs.record.hold(inputs.now) {
        return Offer::Refuse(Reason::Held { image, hold: hold.clone() });
    }
    let signatures = inputs.observed.signatures.get(&policy.key());
    let unsigned = |profile: &String| signature_gate::refusal(profile, &image, signatures, inputs.now);
    if let Some(reason) = policy.signed_by.as_ref().and_then(unsigned) {
        return Offer::Refuse(reason);
    }
    let gate = inputs.policy.rollout.scan.as_ref();
    match gate.and_then(|gate| scan_gate::refusal(gate, &image, inputs.now)) {
        Some(reason) => Offer::Refuse(reason),
        None => Offer::Take(image),
    }
}

/// The last order of a repository; `None` before the first look. Where none is recorded, it is what was rolled out last.
pub(super) fn last_order(inputs: &Inputs<'_>, key: &str) -> Option<Order> {
    let record = inputs.record;
    if let Some(order) = record.orders.get(key) {
        return Some(order.clone());
    }
    let introduced = record.rollout.as_ref().filter(|rollout| rollout.cause.introduces_images());
    let rolling = introduced.map(|rollout| (rollout.images.get(key), rollout.started_at));
    let released = record.current().map(|release| (release.images.get(key), release.at));
    let refused =
        record.quarantine.iter().find(|entry| entry.repository == key).map(|entry| (Some(&entry.image), entry.at));
    let (image, at) = rolling.or(released).or(refused)?;
    Some(Order { image: Some(image?.clone()), at })
}

/// Why the image of a push is not rolled out although its tag is followed: the policy selects another one.
pub(super) fn passed_over(inputs: &Inputs<'_>) -> Option<Reason> {
    let observed = inputs.observed;
    let pushed = observed.pushed.as_ref()?;
    let policy = inputs.policy.images.iter().find(|policy| policy.key() == pushed.key)?;
    let selected = observed.candidates.get(&pushed.key)?.clone()?;
    let (key, image, tag) = (pushed.key.clone(), pushed.image.clone(), policy.tag.to_string());
    (selected.digest != image.digest).then_some(Reason::PassedOver { key, image, selected, tag })
}
