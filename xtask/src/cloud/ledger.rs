//! Items of the ledger, for tests that look past the functions.

use anyhow::Result;
use serde_json::{Value, json};

use super::Cloud;

impl Cloud {
    /// The item of a subject and kind of record, as DynamoDB has it; null when there is none.
    ///
    /// # Errors
    /// When there is no ledger.
    pub fn ledger_item(&self, subject: &str, kind: &str) -> Result<Value> {
        let read = json!({"TableName": self.output("Ledger")?, "Key": key(subject, kind), "ConsistentRead": true});
        Ok(self.client.call("dynamodb", "get_item", read)?["Item"].take())
    }

    /// Puts an item into the ledger, instead of the one with its key.
    ///
    /// # Errors
    /// When there is no ledger.
    pub fn put_ledger_item(&self, item: &Value) -> Result<()> {
        self.client.call("dynamodb", "put_item", json!({"TableName": self.output("Ledger")?, "Item": item}))?;
        Ok(())
    }

    /// Deletes an item of the ledger.
    ///
    /// # Errors
    /// When there is no ledger.
    pub fn delete_ledger_item(&self, subject: &str, kind: &str) -> Result<()> {
        let delete = json!({"TableName": self.output("Ledger")?, "Key": key(subject, kind)});
        self.client.call("dynamodb", "delete_item", delete)?;
        Ok(())
    }
}

fn key(subject: &str, kind: &str) -> Value {
    json!({"pk": {"S": subject}, "sk": {"S": kind}})
}
