//! Requests that messages propose.

use serde_json::{Map, Value};

/// The JSON of a request, for an engineer to complete and send: `{"action":"wake","service":"web","by":"<you>"}`. `fields`
/// are what it is about and its parameters.
pub fn request(action: &str, fields: &[(&str, &str)]) -> String {
    let fields = [&[("action", action)], fields, &[("by", "<you>")]].concat();
    let request: Map<String, Value> = fields.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    Value::Object(request).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_says_what_it_is_about_and_leaves_the_engineer_to_fill_in() {
        let expected = r#"{"action":"hold","budget":"monthly","until":"24h","by":"<you>"}"#;
        assert_eq!(request("hold", &[("budget", "monthly"), ("until", "24h")]), expected);
    }
}
