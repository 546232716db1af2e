//! Metric math, as far as the system uses it: `IF`, `FILL`, comparisons, arithmetic.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html>

/// The value of an expression at one time; `of` has the values of the metrics. Where data is missing that is not filled, there is none.
///
/// # Panics
/// When the model does not know the expression.
pub(super) fn value(expression: &str, of: &dyn Fn(&str) -> Option<f64>) -> Option<f64> {
    // Metrics Insights: as one series that the caller has under the text itself.
    if expression.trim_start().starts_with("SELECT") {
        return of(expression);
    }
    let mut reader = Reader { rest: expression, of };
    let value = reader.comparison();
    assert!(reader.rest.trim().is_empty(), "the model does not know the expression `{expression}`");
    value
}

struct Reader<'e> {
    rest: &'e str,
    of: &'e dyn Fn(&str) -> Option<f64>,
}

impl Reader<'_> {
    fn takes(&mut self, token: &str) -> bool {
        self.rest = self.rest.trim_start();
        let rest = self.rest.strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn comparison(&mut self) -> Option<f64> {
        let mut left = self.sum();
        loop {
            let test: fn(f64, f64) -> bool = if self.takes(">=") {
                |a, b| a >= b
            } else if self.takes("<=") {
                |a, b| a <= b
            } else if self.takes("==") {
                |a, b| a == b
            } else if self.takes("!=") {
                |a, b| a != b
            } else if self.takes(">") {
                |a, b| a > b
            } else if self.takes("<") {
                |a, b| a < b
            } else if self.takes("AND") || self.takes("&&") {
                let right = self.comparison();
                left = left.zip(right).map(|(a, b)| f64::from(u8::from(a != 0.0 && b != 0.0)));
                continue;
            } else if self.takes("OR") || self.takes("||") {
                let right = self.comparison();
                left = left.zip(right).map(|(a, b)| f64::from(u8::from(a != 0.0 || b != 0.0)));
                continue;
            } else {
                return left;
            };
            let right = self.sum();
            left = left.zip(right).map(|(a, b)| f64::from(u8::from(test(a, b))));
        }
    }

    fn sum(&mut self) -> Option<f64> {
        let mut left = self.product();
        loop {
            let plus = self.takes("+");
            if !plus && !self.takes("-") {
                return left;
            }
            let right = self.product();
            left = left.zip(right).map(|(a, b)| if plus { a + b } else { a - b });
        }
    }

    fn product(&mut self) -> Option<f64> {
        let mut left = self.atom();
        loop {
            let times = self.takes("*");
            if !times && !self.takes("/") {
                return left;
            }
            let right = self.atom();
            left = left.zip(right).and_then(|(a, b)| match times {
                true => Some(a * b),
                false => (b != 0.0).then(|| a / b),
            });
        }
    }

    fn atom(&mut self) -> Option<f64> {
        if self.takes("(") {
            let value = self.comparison();
            assert!(self.takes(")"), "a bracket is not closed before `{}`", self.rest);
            return value;
        }
        let end = self.rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_' && letter != '.');
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        assert!(!word.is_empty(), "the model does not know the expression at `{}`", self.rest);
        self.rest = rest;
        if !self.takes("(") {
            return word.parse().map_or_else(|_| (self.of)(word), Some);
        }
        let mut arguments = vec![self.comparison()];
        while self.takes(",") {
            arguments.push(self.comparison());
        }
        assert!(self.takes(")"), "a bracket is not closed before `{}`", self.rest);
        match (word, arguments.as_slice()) {
            ("IF", [condition, yes, no]) => condition.and_then(|holds| if holds != 0.0 { *yes } else { *no }),
            ("FILL", [value, instead]) => value.or(*instead),
            ("MIN", [a, b]) => a.zip(*b).map(|(a, b)| a.min(b)),
            ("MAX", [a, b]) => a.zip(*b).map(|(a, b)| a.max(b)),
            (other, _) => panic!("the model has no function {other} of metric math"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_has_no_value_unless_fill_makes_it_zero() {
        let of = |id: &str| match id {
            "desired" => Some(2.0),
            "healthy" => None,
            other => panic!("{other}"),
        };
        assert_eq!(value("IF(desired > 1, FILL(healthy, 0), 2)", &of), Some(0.0));
        assert_eq!(value("IF(desired > 2, FILL(healthy, 0), 2)", &of), Some(2.0));
        assert_eq!(value("100 * healthy / desired", &of), None);
    }
}
