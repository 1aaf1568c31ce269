//! One error type that all others convert into.

/// Any error of Evenkeel.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Of tensors.
    #[error(transparent)]
    Tensor(#[from] evenkeel_tensor::TensorError),
    /// Of initializers and policies.
    #[error(transparent)]
    Init(#[from] evenkeel_init::InitError),
    /// Of graphs and plans.
    #[error(transparent)]
    Graph(#[from] evenkeel_graph::GraphError),
    /// Of layers and models.
    #[error(transparent)]
    Nn(#[from] evenkeel_nn::NnError),
    /// Of data sets and files.
    #[error(transparent)]
    Data(#[from] evenkeel_data::DataError),
    /// Of training.
    #[error(transparent)]
    Train(#[from] evenkeel_train::TrainError),
    /// Of checkups and showdowns.
    #[cfg(feature = "checkup")]
    #[error(transparent)]
    Checkup(#[from] evenkeel_checkup::CheckupError),
    /// Of files that a program writes.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}
