//! Descriptions of Protobuf messages, as `protoc --descriptor_set_out` writes them.

use prost_reflect::DescriptorPool;

/// The longest descriptor set that is read, in bytes.
pub const LONGEST: usize = 16 << 20;

/// A descriptor set, and which of its messages payloads are.
#[derive(Debug, Clone)]
pub struct Schema {
    pub(super) pool: DescriptorPool,
    /// Full name of the message every payload is, as `chat.v1.Message`; the first that fits where
    /// there is none.
    pub message: Option<String>,
}

/// Why there is no description.
#[derive(Debug, Clone, thiserror::Error)]
#[error("this is no descriptor set: {0}")]
pub struct NoSchema(String);

impl Schema {
    /// Reads a `google.protobuf.FileDescriptorSet`.
    ///
    /// # Errors
    /// It is none, or lacks a file that another imports.
    pub fn read(bytes: &[u8]) -> Result<Self, NoSchema> {
        let pool = DescriptorPool::decode(bytes).map_err(|error| NoSchema(error.to_string()))?;
        if pool.all_messages().len() == 0 {
            return Err(NoSchema(String::from("it describes no message")));
        }
        Ok(Self { pool, message: None })
    }

    /// Full names of its messages, in the order they are described.
    pub fn messages(&self) -> Vec<String> {
        self.pool.all_messages().map(|message| message.full_name().to_owned()).collect()
    }
}
