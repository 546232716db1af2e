//! Every request that a document shows is one, and every action is documented.

use std::collections::BTreeSet;

use serde_json::{Value, json};
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

/// The command line sends a request where the functions take it.
#[test]
fn the_local_cloud_sends_every_action_to_the_functions_that_carry_it_out() {
    for action in &ACTIONS {
        for target in action.targets {
            let mut request = json!({"action": action.name});
            if let Some(field) = target.field() {
                request[field] = "one".into();
            }
            let sent: Vec<String> = xtask::cloud::functions_of(&request)
                .unwrap_or_else(|error| panic!("{request}: {error}"))
                .iter()
                .map(|id| id.trim_end_matches("Function").to_lowercase())
                .collect();
            assert_eq!(sent, action.functions, "{request}");
        }
    }
}
