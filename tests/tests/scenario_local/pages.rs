//! A web page that is open in the developer's browser, and others that do not know the access key.

use serde_json::{Value, json};
use xtask::client::Address;

use super::cloud;
use super::wire::Request;

/// A request that would change something, for each part of the cloud that answers: MiniStack, moto, the control API.
fn changes() -> [(&'static str, Request); 3] {
    let function = json!({
        "FunctionName": "page", "Runtime": "provided.al2023", "Handler": "bootstrap", "Timeout": 3,
        "Role": "arn:aws:iam::123456789012:role/page",
        "Code": {"ZipFile": "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="},
    });
    let budget = json!({
        "AccountId": "123456789012",
        "Budget": {
            "BudgetName": "page", "BudgetType": "COST", "TimeUnit": "MONTHLY",
            "BudgetLimit": {"Amount": "1", "Unit": "USD"},
        },
    });
    [
        ("lambda", Request::new("POST /2015-03-31/functions", &function.to_string())),
        (
            "budgets",
            Request::new("POST /", &budget.to_string()).with("X-Amz-Target", "AWSBudgetServiceGateway.CreateBudget"),
        ),
        ("local", Request::new("POST /_local/spot", r#"{"capacity": false}"#)),
    ]
}

/// What a page is, its headers, and what the refusal names.
type Page<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [&'a str]);

/// A change as those send it who know the key.
fn with_key(service: &str, request: Request, key: &str) -> Request {
    match service {
        "local" => request.with("X-Local-Cloud-Key", key),
        service => request.signed(key, service),
    }
}

/// What the changes would have left behind.
fn changed(call: impl Fn(&str, &str, Value) -> Value) -> Vec<String> {
    let functions = call("lambda", "list_functions", json!({}))["Functions"].take();
    let budgets = call("budgets", "describe_budgets", json!({"AccountId": "123456789012"}))["Budgets"].take();
    let names = |list: &Value, name: &str| -> Vec<String> {
        list.as_array().into_iter().flatten().map(|one| one[name].as_str().unwrap().to_owned()).collect()
    };
    [names(&functions, "FunctionName"), names(&budgets, "BudgetName")].concat()
}

/// Asserts that the response refuses, says so in these words, and lets no page read it.
fn refused(what: &str, (status, response): (u16, String), words: &[&str]) {
    assert_eq!(status, 403, "{what}: {response}");
    let lower = response.to_lowercase();
    assert!(words.iter().all(|word| response.contains(word)), "{what}: {words:?} in {response}");
    assert!(!lower.contains("access-control-allow"), "{what}: {response}");
}

fn authority(address: &Address) -> &str {
    address.endpoint.strip_prefix("http://").unwrap()
}

#[test]
fn a_web_page_is_refused_even_if_it_knew_the_access_key() {
    let cloud = cloud();
    let address = &cloud.address;
    let own = authority(address);
    let port = own.split_once(':').unwrap().1;
    let (rebound, subdomain) = (format!("evil.example:{port}"), format!("bucket.localhost:{port}"));
    let pages: [Page<'_>; 10] = [
        ("a page of another origin", &[("Host", own), ("Origin", "https://evil.example")], &["Origin", "evil.example"]),
        ("a page in a sandbox", &[("Host", own), ("Origin", "null")], &["Origin", "null"]),
        ("a page of the cloud itself", &[("Host", own), ("Origin", &address.endpoint)], &["Origin"]),
        ("another site", &[("Host", own), ("Sec-Fetch-Site", "cross-site")], &["Sec-Fetch-Site", "cross-site"]),
        ("another port of this machine", &[("Host", own), ("Sec-Fetch-Site", "same-site")], &["same-site"]),
        ("a name that resolves to this machine", &[("Host", &rebound)], &["Host", "evil.example", own]),
        ("a name below localhost", &[("Host", &subdomain)], &["Host", "bucket.localhost"]),
        ("another port in the name", &[("Host", "127.0.0.1:80")], &["Host", "127.0.0.1:80", own]),
        ("two names", &[("Host", own), ("Host", "evil.example")], &[]),
        ("no name", &[], &[]),
    ];
    for (service, change) in changes() {
        for (what, headers, words) in pages {
            // Plain text needs no preflight.
            let mut request = with_key(service, change.clone().with("Content-Type", "text/plain"), &address.access_key);
            for (name, value) in headers {
                request = request.with(name, value);
            }
            let (status, response) = request.send(address);
            if words.is_empty() {
                // The HTTP server has refused it already.
                assert!([400, 403].contains(&status), "{service}, {what}: {response}");
            } else {
                refused(&format!("{service}, {what}"), (status, response), words);
            }
        }
        let preflight = Request { line: change.line.replace("POST", "OPTIONS"), headers: vec![], body: String::new() };
        let preflight = preflight.to(address).with("Access-Control-Request-Method", "POST");
        let foreign = preflight.clone().with("Origin", "https://evil.example");
        refused(&format!("{service}, preflight"), foreign.send(address), &["Origin"]);
        let keyed = with_key(service, preflight, &address.access_key);
        refused(&format!("{service}, OPTIONS"), keyed.send(address), &["OPTIONS"]);
    }
    let socket = Request::new("GET /", "").to(address).signed(&address.access_key, "lambda");
    let socket = socket.with("Upgrade", "websocket").with("Connection", "Upgrade").with("Sec-WebSocket-Version", "13");
    let (status, response) = socket.with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==").send(address);
    assert_eq!(status, 403, "a socket: {response}");
    let call = |service: &str, operation: &str, parameters| cloud.client.call(service, operation, parameters).unwrap();
    assert_eq!(changed(call), Vec::<String>::new());
}

#[test]
fn callers_without_the_access_key_are_refused_and_callers_with_it_are_not() {
    let cloud = cloud();
    let address = &cloud.address;
    let call = |service: &str, operation: &str, parameters| cloud.client.call(service, operation, parameters).unwrap();
    for (service, change) in changes() {
        let change = change.to(address).with("Content-Type", "application/json");
        refused(&format!("{service}, no key"), change.send(address), &["UnrecognizedClientException", "status"]);
        for key in ["", "123456789012", "test", "LOCAL", "L\u{d6}CAL"] {
            let stranger = with_key(service, change.clone(), key).send(address);
            refused(&format!("{service}, key {key}"), stranger, &["UnrecognizedClientException"]);
        }
        let mut presigned = change.clone();
        presigned.line += "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=test%2F20261128%2Feu-central-1";
        refused(&format!("{service}, presigned"), presigned.send(address), &["UnrecognizedClientException"]);
    }
    // The control API takes no signature, which a page could repeat if it ever saw one.
    let (_, control) = changes()[2].clone();
    let signed = control.to(address).signed(&address.access_key, "local").send(address);
    refused("a signed call of the control API", signed, &["x-local-cloud-key"]);
    assert_eq!(changed(call), Vec::<String>::new());

    // The same requests with the key are what they look like.
    for (service, change) in changes() {
        let change = change.to(address).with("Content-Type", "application/json");
        let (status, response) = with_key(service, change, &address.access_key).send(address);
        assert!((200..300).contains(&status), "{service}: {response}");
    }
    assert_eq!(changed(call), ["page", "page"]);
    let presigned = format!("GET /nothing/here?X-Amz-Credential={}%2F20261128%2Feu-central-1%2Fs3", address.access_key);
    let (status, response) = Request::new(&presigned, "").to(address).send(address);
    assert_eq!(status, 404, "{response}");
    call("lambda", "delete_function", json!({"FunctionName": "page"}));
    call("budgets", "delete_budget", json!({"AccountId": "123456789012", "BudgetName": "page"}));
    call("local", "spot", json!({"capacity": true}));
}
