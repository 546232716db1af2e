//! After both stacks were deleted.

use super::history::history;

#[test]
fn what_holds_data_survives_as_it_was() {
    let (before, after) = (&history().settled.0.data, &history().deleted.data);
    let names: Vec<&str> = after.keys().map(|name| name.split("-SystemStack").next().unwrap()).collect();
    let kinds: Vec<&str> = names.iter().map(|name| name.split_once(' ').unwrap().0).collect();
    assert_eq!(kinds, ["bucket", "bucket", "repository", "repository", "secret", "secret", "table"], "{names:?}");
    for (name, value) in after {
        assert_eq!(Some(value), before.get(name), "{name}");
    }
    // The header between CDN and load balancer is made anew with them.
    let gone: Vec<&String> = before.keys().filter(|name| !after.contains_key(*name)).collect();
    assert!(gone.len() == 1 && gone[0].contains("OriginSecret"), "{gone:?}");
}

#[test]
fn everything_else_is_gone() {
    let deleted = &history().deleted;
    assert!(deleted.stacks.is_empty(), "{:?}", deleted.stacks.keys());
    assert!(deleted.services.is_empty(), "{:?}", deleted.services);
    assert!(deleted.others.is_empty(), "{:?}", deleted.others);
}
