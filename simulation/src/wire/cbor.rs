//! Smithy's protocol RPC v2 CBOR, which CloudWatch speaks: <https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html>.

use aws_smithy_cbor::data::Type;
use aws_smithy_cbor::{Decoder, Encoder};
use aws_smithy_types::DateTime;
use serde_json::{Map, Value};

/// What a body says.
///
/// # Panics
/// When it is no CBOR, or has a type that no request has.
pub(super) fn read(body: &[u8]) -> Value {
    if body.is_empty() {
        return Value::Object(Map::new());
    }
    value(&mut Decoder::new(body)).expect("a body of CBOR")
}

fn value(decoder: &mut Decoder<'_>) -> Result<Value, aws_smithy_cbor::decode::DeserializeError> {
    Ok(match decoder.datatype()? {
        Type::Bool => decoder.boolean()?.into(),
        Type::Null => {
            decoder.null()?;
            Value::Null
        }
        Type::U8 | Type::U16 | Type::U32 | Type::U64 | Type::I8 | Type::I16 | Type::I32 | Type::I64 => {
            decoder.long()?.into()
        }
        Type::F16 | Type::F32 | Type::F64 => decoder.double()?.into(),
        Type::String | Type::StringIndef => decoder.string()?.into(),
        Type::Tag => decoder.timestamp()?.as_secs_f64().into(),
        Type::Array | Type::ArrayIndef => {
            let mut items = Vec::new();
            match decoder.list()? {
                Some(count) => {
                    for _ in 0..count {
                        items.push(value(decoder)?);
                    }
                }
                None => {
                    while decoder.datatype()? != Type::Break {
                        items.push(value(decoder)?);
                    }
                    decoder.skip()?;
                }
            }
            items.into()
        }
        Type::Map | Type::MapIndef => {
            let mut fields = Map::new();
            match decoder.map()? {
                Some(count) => {
                    for _ in 0..count {
                        fields.insert(decoder.string()?, value(decoder)?);
                    }
                }
                None => {
                    while decoder.datatype()? != Type::Break {
                        fields.insert(decoder.string()?, value(decoder)?);
                    }
                    decoder.skip()?;
                }
            }
            Value::Object(fields)
        }
        other => panic!("the model does not read {other:?} in CBOR"),
    })
}

/// A body that says this. Fields whose name ends in `Timestamp` are times.
pub(super) fn write(value: &Value) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    put(&mut encoder, "", value);
    encoder.into_writer()
}

fn put(encoder: &mut Encoder, name: &str, value: &Value) {
    match value {
        Value::Null => drop(encoder.null()),
        Value::Bool(value) => drop(encoder.boolean(*value)),
        Value::Number(number) if name.ends_with("Timestamp") => {
            encoder.timestamp(&DateTime::from_secs_f64(number.as_f64().expect("a time")));
        }
        Value::Number(number) => match number.as_i64() {
            Some(number) => drop(encoder.long(number)),
            None => drop(encoder.double(number.as_f64().expect("a number"))),
        },
        Value::String(text) => drop(encoder.str(text)),
        Value::Array(items) => {
            encoder.array(items.len());
            items.iter().for_each(|item| put(encoder, name, item));
        }
        Value::Object(fields) => {
            encoder.map(fields.len());
            for (name, field) in fields {
                encoder.str(name);
                put(encoder, name, field);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_is_read_with_times_as_times() {
        let value = json!({ "Names": ["a", "b"], "Threshold": 80.0, "Count": 3, "On": true, "StateTimestamp": 1_700_000_000.5 });
        let written = write(&value);
        assert_eq!(read(&written), value);
        let mut decoder = Decoder::new(&written);
        decoder.map().unwrap();
        while decoder.str().unwrap() != "StateTimestamp" {
            decoder.skip().unwrap();
        }
        assert_eq!(decoder.timestamp().unwrap().as_secs_f64(), 1_700_000_000.5);
    }
}
