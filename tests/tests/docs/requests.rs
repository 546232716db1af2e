//! Every request that a document shows is one, and every action is documented.

use std::collections::BTreeSet;

use serde_json::Value;
use shared::runtime::Request;
use shared::runtime::actions::ACTIONS;

use crate::links::documents;

/// Requests as they stand in a text, wherever they stand.
fn requests(text: &str) -> Vec<&str> {
    let starts = text.match_indices("{\"action\":").map(|(at, _)| &text[at..]);
    starts.filter_map(|rest| Some(&rest[..=rest.find('}')?])).collect()
}

#[test]
fn every_request_that_a_document_shows_is_one() {
    let mut count = 0;
    let mut shown = BTreeSet::new();
    for (path, text) in documents() {
        for request in requests(&text) {
            count += 1;
            let value: Value =
                serde_json::from_str(request).unwrap_or_else(|error| panic!("{}: {request}: {error}", path.display()));
            shown.insert(value["action"].as_str().unwrap_or_default().to_owned());
            Request::parse(value).unwrap_or_else(|error| panic!("{}: {request}: {error}", path.display()));
        }
    }
    assert!(count > 40, "requests are read as expected: {count}");
    let missing: Vec<&str> = ACTIONS.iter().map(|action| action.name).filter(|name| !shown.contains(*name)).collect();
    assert!(missing.is_empty(), "no document shows a request for {missing:?}");
}
