//! Signatures of images, as ECR reports them.

use std::fmt;

/// What ECR says of the signature of an image by one signing profile of AWS Signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// ARN of the signing profile.
    pub profile: String,
    /// How far ECR is.
    pub state: SignatureState,
}

/// How far ECR is with a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignatureState {
    /// It is being made.
    InProgress,
    /// It is there.
    Complete,
    /// It could not be made, and why.
    Failed(String),
    /// Something newer than this code.
    Other(String),
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.profile.rsplit('/').next().unwrap_or(&self.profile))
    }
}
