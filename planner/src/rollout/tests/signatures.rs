//! The signature gate.

use super::fixtures::*;
use crate::model::*;
use crate::rollout::*;

const PROFILE: &str = "arn:aws:signer:eu-central-1:123456789012:/signing-profiles/release";

/// Image 62 was pushed at minute 62, and is signed by these profiles so far.
fn pushed(signed: &[(&str, SignatureState)]) -> Scenario {
    let mut scenario = Scenario::running(3).candidate(62).at(63);
    scenario.images[0].signed_by = Some(PROFILE.into());
    let prefix = PROFILE.trim_end_matches("release");
    let one =
        |(name, state): &(&str, SignatureState)| Signature { profile: format!("{prefix}{name}"), state: state.clone() };
    let known = Signatures::Known(signed.iter().map(one).collect());
    scenario.observed.signatures.insert(REPOSITORY.into(), known);
    scenario
}

fn reason(scenario: &Scenario) -> String {
    scenario.plan().reason.to_string()
}

#[test]
fn a_signed_image_is_rolled_out_at_once() {
    use SignatureState::Complete;
    let both = pushed(&[("other", Complete), ("release", Complete)]);
    assert_eq!(both.outcome(), ("newer_image", Some(image(62))));
}

#[test]
fn an_image_waits_for_its_signature_which_comes_after_the_push() {
    for signed in [&[][..], &[("release", SignatureState::InProgress)], &[("other", SignatureState::Complete)]] {
        assert_eq!(pushed(signed).outcome().0, "awaiting_signature");
        assert_eq!(pushed(signed).at(76).outcome().0, "awaiting_signature");
        assert_eq!(pushed(signed).at(77).outcome().0, "signature_refused");
    }
    let expected = "v62 (3e3e3e3e3e3e) is waiting until 2026-11-21 11:17 UTC for its signature with release";
    assert_eq!(reason(&pushed(&[])), expected);
    let mut unread = pushed(&[]);
    unread.observed.signatures.insert(REPOSITORY.into(), Signatures::Unread("throttled".into()));
    assert_eq!(unread.outcome().0, "awaiting_signature");
    assert!(reason(&unread.at(80)).ends_with("its signatures could not be read: throttled"));
}

#[test]
fn an_image_that_another_signed_or_no_one_is_refused_with_the_reason_and_released_when_it_is_signed() {
    let other = pushed(&[("test", SignatureState::Complete)]).at(80);
    let expected = "the signature gate refused v62 (3e3e3e3e3e3e): it is signed with test and not with release, 15 min after its push";
    assert_eq!(reason(&other), expected);
    assert!(reason(&pushed(&[]).at(80)).ends_with("it is not signed with release, 15 min after its push"));
    let failed = pushed(&[("release", SignatureState::Failed("access denied".into()))]);
    assert!(reason(&failed).ends_with("ECR could not sign it with release: access denied"));
    assert_eq!(pushed(&[("release", SignatureState::Complete)]).at(80).outcome().0, "newer_image", "later");
}

#[test]
fn a_retry_overrules_the_gate_and_a_rollback_does_not_ask_it() {
    let refused = pushed(&[]).at(80);
    let retry = Request::Retry(request::Retry { by: "anna".into(), images: Default::default() });
    assert_eq!(outcome(&refused.request(&retry)).0, "retry_requested");
}
