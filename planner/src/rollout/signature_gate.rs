//! The signature gate: whether ECR says that an image is signed with the profile that the fleet names.

use jiff::{SignedDuration, Timestamp};

use super::observed::Signatures;
use super::reason::Reason;
use crate::model::{Image, Signature, SignatureState, format_duration};

/// How long after its push the signature of an image may take. ECR makes it when it has the image:
/// <https://docs.aws.amazon.com/AmazonECR/latest/userguide/managed-signing.html>.
const WAIT: SignedDuration = SignedDuration::from_mins(15);

/// Why the image is held back until it is signed with `profile`; `None` when it is. What is not listed may be listed later.
pub(super) fn refusal(profile: &str, image: &Image, signatures: Option<&Signatures>, now: Timestamp) -> Option<Reason> {
    let refused = |finding: String| Some(Reason::SignatureRefused { image: image.clone(), finding });
    let listed = match signatures {
        Some(Signatures::Known(listed)) => listed.as_slice(),
        Some(Signatures::Unread(_)) | None => &[],
    };
    let name = profile.rsplit('/').next().unwrap_or(profile);
    match listed.iter().find(|signature| signature.profile == profile).map(|signature| &signature.state) {
        Some(SignatureState::Complete) => return None,
        Some(SignatureState::Failed(reason)) => return refused(format!("ECR could not sign it with {name}: {reason}")),
        Some(SignatureState::InProgress | SignatureState::Other(_)) | None => {}
    }
    let until = image.pushed_at + WAIT;
    if now < until {
        return Some(Reason::AwaitingSignature { image: image.clone(), profile: name.to_owned(), until });
    }
    if let Some(Signatures::Unread(error)) = signatures {
        return refused(format!("its signatures could not be read: {error}"));
    }
    let complete = listed.iter().filter(|signature| signature.state == SignatureState::Complete);
    let others: Vec<String> = complete.map(Signature::to_string).collect();
    let wait = format_duration(WAIT);
    refused(match others.is_empty() {
        true => format!("it is not signed with {name}, {wait} after its push"),
        false => format!("it is signed with {} and not with {name}, {wait} after its push", others.join(" and ")),
    })
}
