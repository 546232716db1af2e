//! Notices of AWS Budgets: a table of labels and values within prose.
//!
//! AWS Budgets writes plain text and documents no layout; mail programs and forwarders break or join its lines, and some
//! forwarders make it JSON. Labels are therefore found wherever they stand, and a value ends where its line ends or the
//! next label begins.

use jiff::Timestamp;
use planner::budget::{Amount, Notice, NoticeKind};
use serde_json::Value;

/// The labels, in lower case.
const LABELS: [(&str, Label); 7] = [
    ("budget name", Label::Name),
    ("budget type", Label::Type),
    ("budgeted amount", Label::Limit),
    ("alert type", Label::Kind),
    ("alert threshold", Label::Threshold),
    ("actual amount", Label::Actual),
    ("forecasted amount", Label::Forecasted),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Label {
    Name,
    Type,
    Limit,
    Kind,
    Threshold,
    Actual,
    Forecasted,
}

/// The budget and the notice about it; `None` when name, kind or figure is missing.
pub(super) fn parse(body: &str, at: Timestamp) -> Option<(String, Notice)> {
    let values = match serde_json::from_str::<Value>(body) {
        Ok(json @ Value::Object(_)) => of_json(&json),
        // A forwarder has made the text a JSON string.
        Ok(Value::String(text)) => of_text(&text),
        _ => of_text(body),
    };
    let value = |label: Label| values.iter().find(|(own, _)| *own == label).map(|(_, value)| value.as_str());
    let amount = |label: Label| value(label).and_then(amount);
    let name = value(Label::Name).filter(|name| !name.is_empty())?;
    let kind = match value(Label::Kind).map(str::to_lowercase).as_deref() {
        Some("actual") => NoticeKind::Actual,
        Some("forecasted" | "forecast") => NoticeKind::Forecasted,
        _ if value(Label::Actual).is_some() => NoticeKind::Actual,
        _ if value(Label::Forecasted).is_some() => NoticeKind::Forecasted,
        _ => return None,
    };
    let amount_of_kind = match kind {
        NoticeKind::Actual => amount(Label::Actual),
        NoticeKind::Forecasted => amount(Label::Forecasted),
    };
    let (threshold, limit) = (amount(Label::Threshold), amount(Label::Limit));
    Some((name.to_owned(), Notice { kind, amount: amount_of_kind?, threshold, limit, at, text: body.to_owned() }))
}

/// The amount that a value begins with; in joined lines more text stands behind the last one.
fn amount(value: &str) -> Option<Amount> {
    let value = value.split(['#', '|', ';', '[']).next().unwrap_or_default().trim();
    if let Ok(amount) = value.parse() {
        return Some(amount);
    }
    let words: Vec<&str> = value.split_whitespace().collect();
    let whole = |count: &usize| words.get(*count).is_none_or(|next| !next.starts_with(|c: char| c.is_ascii_digit()));
    (1..=words.len().min(3)).filter(whole).find_map(|count| words[..count].join(" ").parse().ok())
}

fn of_text(body: &str) -> Vec<(Label, String)> {
    // Escaped twice by a forwarder; names contain no backslash.
    let body = body.replace("\\r\\n", "\n").replace("\\n", "\n");
    let found = labels(&body);
    let ends = found.iter().skip(1).map(|(_, start, _)| *start).chain([body.len()]);
    let value = |((label, _, start), end): (&(Label, usize, usize), usize)| {
        let value = body[*start..end].trim_start();
        let value = value.lines().next().unwrap_or_default();
        (*label, value.trim_matches(|c: char| c.is_whitespace() || matches!(c, '#' | '|' | ';' | '*')).to_owned())
    };
    found.iter().zip(ends).map(value).collect()
}

/// Every label before a colon: which, where it begins, and where its value does.
fn labels(body: &str) -> Vec<(Label, usize, usize)> {
    let separates = |c: char| c.is_whitespace() || matches!(c, '#' | '|' | ';' | '*' | '"' | '>' | ',');
    let word =
        |text: &str| text.rfind(separates).map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    let label = |(colon, _): (usize, &str)| {
        let before = body[..colon].trim_end();
        let second = word(before);
        let rest = before[..second].trim_end();
        let first = word(rest);
        let words = format!("{} {}", &rest[first..], &before[second..]).to_lowercase();
        let (_, label) = LABELS.iter().find(|(name, _)| *name == words)?;
        Some((*label, first, colon + 1))
    };
    body.match_indices(':').filter_map(label).collect()
}

/// The fields of an object at any depth, by what their names mean.
fn of_json(json: &Value) -> Vec<(Label, String)> {
    let mut found = Vec::new();
    collect(json, &mut found);
    found
}

fn collect(json: &Value, found: &mut Vec<(Label, String)>) {
    for (key, value) in json.as_object().into_iter().flatten() {
        let key: String = key.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
        let label = match key.as_str() {
            "budgetname" => Some(Label::Name),
            "budgettype" => Some(Label::Type),
            "budgetedamount" | "budgetlimit" | "budgetamount" => Some(Label::Limit),
            "alerttype" | "notificationtype" => Some(Label::Kind),
            "alertthreshold" => Some(Label::Threshold),
            "actualamount" | "actualspend" => Some(Label::Actual),
            "forecastedamount" | "forecastedspend" => Some(Label::Forecasted),
            _ => None,
        };
        match (label, value) {
            (Some(label), Value::String(text)) => found.push((label, text.clone())),
            // A number has no currency; budgets are in US dollars unless they state another.
            (Some(Label::Limit | Label::Actual | Label::Forecasted), Value::Number(number)) => {
                found.extend(label.map(|label| (label, format!("{number} USD"))));
            }
            (Some(label), Value::Object(amount)) => {
                let part = |names: [&str; 2]| {
                    let value = names.iter().find_map(|name| amount.get(*name))?;
                    Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                };
                let written = part(["Amount", "amount"]).zip(part(["Unit", "unit"]));
                found.extend(written.map(|(amount, unit)| (label, format!("{amount} {unit}"))));
            }
            (None, value) => collect(value, found),
            (Some(_), _) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const MAIL: &str = "AWS Budget Notification January 28, 2026\nAWS Account 391600000000\n\nDear AWS Customer,\n\nYou requested that we alert you when the FORECASTED Cost associated with your test budget is greater than $0.00 for the current month. The FORECASTED Cost associated with this budget is $0.95. You can find additional details below and by accessing the AWS Budgets dashboard [1].\n\nBudget Name: test\nBudget Type: Cost\nBudgeted Amount: $0.02\nAlert Type: FORECASTED\nAlert Threshold: > $0.00\nFORECASTED Amount: $0.95\n\n[1] https://console.aws.amazon.com/costmanagement/home#/budgets\n";

    fn at() -> Timestamp {
        "2026-01-28T10:00:00Z".parse().unwrap()
    }

    /// Name, kind, amount, threshold and limit in one line.
    fn read(body: &str) -> String {
        let Some((name, notice)) = parse(body, at()) else { return "unreadable".into() };
        let text = |amount: &Option<Amount>| amount.as_ref().map_or("-".to_owned(), Amount::to_string);
        let kind = format!("{:?}", notice.kind);
        format!("{name} | {kind} | {} | {} | {}", notice.amount, text(&notice.threshold), text(&notice.limit))
    }

    #[test]
    fn the_table_is_read_and_never_the_prose() {
        assert_eq!(read(MAIL), "test | Forecasted | 0.95 USD | 0.00 USD | 0.02 USD");
        let prose = MAIL.replace("is $0.95.", "is $700.00.");
        assert_eq!(read(&prose), read(MAIL));
    }

    #[test]
    fn it_is_read_however_it_was_broken_joined_or_spaced() {
        let table = "Budget Name: All of it\nBudget Type: Cost\nBudgeted Amount: $1,500.00\nAlert Type: ACTUAL\nAlert Threshold: > $1,200.00\nACTUAL Amount: $1,234.56\n";
        let expected = "All of it | Actual | 1,234.56 USD | 1,200.00 USD | 1,500.00 USD";
        for body in [
            table.to_owned(),
            table.replace('\n', "\r\n"),
            table.replace('\n', "#"),
            table.replace('\n', " "),
            table.replace('\n', " | "),
            table.replace('\n', "\\n"),
            table.replace(": ", ":"),
            table.replace(": ", "  :\u{a0} "),
            table.replace(": ", ":\n  "),
            table.replace(" Amount", "  amount").replace("ACTUAL", "Actual"),
            table.replace("Budget", "  *Budget"),
            table.replace('\n', " ") + "Go to the AWS Budgets dashboard: https://console.aws.amazon.com/ Sincerely,",
            table.replace('\n', "#") + "[1] https://console.aws.amazon.com/costmanagement/home#/budgets#",
            format!("Sincerely,\n{table}\nGo to the AWS Budgets dashboard: https://console.aws.amazon.com/\n"),
            serde_json::to_string(table).unwrap(),
        ] {
            assert_eq!(read(&body), expected, "{body}");
        }
    }

    #[test]
    fn names_and_currencies_are_kept_unchanged() {
        for (name, amount, expected) in [
            ("M\u{fc}nchen #1, all", "\u{20ac}12,50", "M\u{fc}nchen #1, all | Actual | 12.50 EUR | - | -"),
            ("actual amount", "GBP 12.5", "actual amount | Actual | 12.50 GBP | - | -"),
            ("x", "$183,965,812,157.54", "x | Actual | 183,965,812,157.54 USD | - | -"),
            ("traffic", "1.2 GB", "traffic | Actual | 1.20 GB | - | -"),
        ] {
            assert_eq!(read(&format!("Budget Name: {name}\nAlert Type: ACTUAL\nACTUAL Amount: {amount}\n")), expected);
        }
    }

    #[test]
    fn json_is_read_by_the_meaning_of_its_names() {
        let flat = json!({"budgetName": "test", "budgetedAmount": "$500.00", "alertType": "ACTUAL", "alertThreshold": "> $400.00", "actualAmount": 412.37});
        assert_eq!(read(&flat.to_string()), "test | Actual | 412.37 USD | 400.00 USD | 500.00 USD");
        let nested = json!({"Budget": {"BudgetName": "test", "BudgetLimit": {"Amount": "500", "Unit": "USD"}, "CalculatedSpend": {"ActualSpend": {"Amount": 412.37, "Unit": "USD"}}}, "NotificationType": "ACTUAL"});
        assert_eq!(read(&nested.to_string()), "test | Actual | 412.37 USD | - | 500.00 USD");
    }

    #[test]
    fn without_name_kind_or_figure_it_is_no_notice() {
        for body in [
            "",
            "hello",
            "{}",
            "[]",
            "7",
            "Budget Name: test\nAlert Type: ACTUAL\n",
            "Budget Name:\nAlert Type: ACTUAL\nACTUAL Amount: $1.00",
            "Alert Type: ACTUAL\nACTUAL Amount: $1.00",
            "Budget Name: test\nAlert Type: ACTUAL\nACTUAL Amount: much",
            "Budget Name: test\nAlert Type: ACTUAL\nACTUAL Amount: $1 234.00",
            "Budget Name: test\nAlert Type: ACTUAL\nFORECASTED Amount: $1.00",
        ] {
            assert_eq!(read(body), "unreadable", "{body}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(\\PC|\n|:|(Budget Name:)|(ACTUAL Amount:)|(Alert Type:)){0,60}") {
            let _ = parse(&text, at());
        }

        #[test]
        fn a_truncated_notice_is_read_correctly_or_not_at_all(end in 0..MAIL.len()) {
            let notice = read(&MAIL[..end]);
            let fine = notice == "unreadable" || notice.starts_with("test | Forecasted | 0.");
            prop_assert!(fine, "{}", notice);
        }
    }
}
