//! Amounts as AWS Budgets writes them: a number of hundredths and a unit.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// An amount of a currency, or of what a usage budget counts; written `412.37 USD`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Amount {
    /// Hundredths of the unit; a greater amount than fits is stored as `i64::MAX`.
    pub hundredths: i64,
    /// `USD`, another currency's code or symbol, or a unit of usage such as `GB`; never converted.
    pub unit: String,
}

impl Amount {
    /// So many cents of a US dollar.
    pub fn cents(cents: i64) -> Amount {
        Amount { hundredths: cents, unit: "USD".into() }
    }

    /// The same unit, another number.
    pub fn with(&self, hundredths: i64) -> Amount {
        Amount { hundredths, unit: self.unit.clone() }
    }

    /// As a number of its unit, for metrics.
    pub fn units(&self) -> f64 {
        self.hundredths as f64 / 100.0
    }

    /// Its share of `whole` in percent, rounded down; `u32::MAX` for anything above 0 of nothing.
    pub fn percent_of(&self, whole: &Amount) -> u32 {
        let (part, whole) = (i128::from(self.hundredths.max(0)), i128::from(whole.hundredths.max(0)));
        match (part, whole) {
            (0, _) => 0,
            (_, 0) => u32::MAX,
            (part, whole) => u32::try_from(part * 100 / whole).unwrap_or(u32::MAX),
        }
    }

    /// Is it more than `times` times `other`? Amounts of different units are never more.
    pub fn exceeds(&self, times: u32, other: &Amount) -> bool {
        self.unit == other.unit && i128::from(self.hundredths) > i128::from(times) * i128::from(other.hundredths)
    }
}

impl FromStr for Amount {
    type Err = Error;

    /// Reads `$1,234.56`, `412.37 USD`, `EUR 1.234,56`, `> $400.00`, `$100`, `$0.5`.
    fn from_str(text: &str) -> Result<Amount> {
        let bad = || Error::bad_field("amount", text, "a number with a currency, like $1,234.56");
        let body = text.trim().trim_start_matches(['>', '<', '=']).trim();
        let is_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '\'');
        let digits: String = body.chars().filter(|c| is_number(*c)).collect();
        let rest = body.chars().filter(|c| !is_number(*c) && !c.is_whitespace());
        let (signs, unit): (String, String) = rest.partition(|c| matches!(c, '-' | '\u{2212}'));
        // Two numbers in one text are no amount: the digits must stand together.
        let together = body.split(|c: char| !is_number(c)).filter(|part| !part.is_empty()).count() == 1;
        if !together || signs.chars().count() > 1 || unit.chars().count() > 24 {
            return Err(bad());
        }
        let hundredths = hundredths(&digits).ok_or_else(bad)?;
        let unit = match unit.as_str() {
            "$" | "US$" | "USD" | "USD$" | "$USD" => "USD",
            "\u{20ac}" => "EUR",
            "\u{a3}" => "GBP",
            "\u{a5}" => "JPY",
            "\u{20b9}" => "INR",
            "" => return Err(bad()),
            other => other,
        };
        Ok(Amount { hundredths: if signs.is_empty() { hundredths } else { -hundredths }, unit: unit.to_owned() })
    }
}

/// Hundredths of a number with or without separators of thousands, in either convention.
fn hundredths(digits: &str) -> Option<i64> {
    let last = |separator: char| digits.rfind(separator);
    let decimal = match (last('.'), last(',')) {
        (Some(point), Some(comma)) => Some(point.max(comma)),
        // Several of a kind separate thousands, and so does a comma before three digits: the text is US English.
        (Some(point), None) => (digits.matches('.').count() == 1).then_some(point),
        (None, Some(comma)) => (digits.matches(',').count() == 1 && digits.len() - comma != 4).then_some(comma),
        (None, None) => None,
    };
    let (whole, fraction) = decimal.map_or((digits, ""), |at| (&digits[..at], &digits[at + 1..]));
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    if whole.is_empty() && fraction.is_empty() || !fraction.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let mut thousandths: String = fraction.chars().chain("000".chars()).take(3).collect();
    let round: i64 = if thousandths.split_off(2).as_str() >= "5" { 1 } else { 0 };
    let text = format!("{whole}{thousandths}");
    Some(text.parse::<i64>().map_or(i64::MAX, |number| number.saturating_add(round)))
}

impl TryFrom<String> for Amount {
    type Error = Error;

    fn try_from(text: String) -> Result<Amount> {
        text.parse()
    }
}

impl From<Amount> for String {
    fn from(amount: Amount) -> String {
        amount.to_string()
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = (self.hundredths.unsigned_abs() / 100).to_string();
        let cents = self.hundredths.unsigned_abs() % 100;
        let mut grouped = String::new();
        for (i, digit) in whole.chars().enumerate() {
            if i > 0 && (whole.len() - i).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        let sign = if self.hundredths < 0 { "-" } else { "" };
        write!(f, "{sign}{grouped}.{cents:02} {}", self.unit)
    }
}

/// US dollars as they are read: a number or its text.
#[cfg(feature = "schema")]
pub(super) fn dollars(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({"type": ["number", "string", "null"], "minimum": 0, "exclusiveMinimum": true, "pattern": "[1-9]"})
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_budgets_writes_and_what_it_might() {
        for (text, expected) in [
            ("$412.37", "412.37 USD"),
            ("$0.5", "0.50 USD"),
            ("$100", "100.00 USD"),
            ("> $400.00", "400.00 USD"),
            ("$1,234.56", "1,234.56 USD"),
            ("$1,234", "1,234.00 USD"),
            ("$183,965,812,157.54", "183,965,812,157.54 USD"),
            ("412.366 USD", "412.37 USD"),
            ("-$3.10", "-3.10 USD"),
            ("EUR 1.234,56", "1,234.56 EUR"),
            ("\u{20ac}0,59", "0.59 EUR"),
            ("12'345.60 CHF", "12,345.60 CHF"),
            ("CA$7.00", "7.00 CA$"),
            ("1.2 GB", "1.20 GB"),
            ("$99999999999999999999999", "92,233,720,368,547,758.07 USD"),
        ] {
            assert_eq!(text.parse::<Amount>().unwrap().to_string(), expected, "{text}");
        }
        for text in ["", "$", "412", "a lot", "$1 of $2", "USD", "$-", "--$1", "$1.2.3,4,5x6"] {
            assert!(text.parse::<Amount>().is_err(), "{text}: {:?}", text.parse::<Amount>());
        }
    }

    #[test]
    fn a_share_is_rounded_down_and_never_overflows() {
        let limit = Amount::cents(50_000);
        for (cents, percent) in [(0, 0), (39_999, 79), (40_000, 80), (i64::MAX, u32::MAX), (-1, 0)] {
            assert_eq!(Amount::cents(cents).percent_of(&limit), percent);
        }
        assert_eq!(Amount::cents(1).percent_of(&Amount::cents(0)), u32::MAX);
        assert!(!Amount::cents(5).exceeds(5, &Amount { hundredths: 0, unit: "EUR".into() }));
    }

    proptest! {
        #[test]
        fn an_amount_survives_the_way_to_the_table_and_back(cents in any::<i64>().prop_filter("has an opposite", |n| *n != i64::MIN)) {
            let amount = Amount::cents(cents);
            prop_assert_eq!(amount.to_string().parse::<Amount>().unwrap(), amount);
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}") {
            let _ = text.parse::<Amount>();
        }
    }
}
