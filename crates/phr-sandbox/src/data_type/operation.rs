//! What can be asked of a data type.

/// A method of `users.dataTypes.dataPoints`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Every source's points.
    List,
    /// The merged stream.
    Reconcile,
    /// Windows of physical time.
    RollUp,
    /// Windows of civil days.
    DailyRollUp,
    /// One identifiable point.
    Get,
}

impl Operation {
    /// The spelling in `allowed_actions`.
    pub(crate) fn action(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Reconcile => "reconcile",
            Self::RollUp => "rollup",
            Self::DailyRollUp => "dailyRollup",
            Self::Get => "get",
        }
    }

    /// The RPC in error metadata and the key in the request counts.
    pub(crate) fn rpc(self) -> &'static str {
        match self {
            Self::List => "ListDataPoints",
            Self::Reconcile => "ReconcileDataPoints",
            Self::RollUp => "RollUpDataPoints",
            Self::DailyRollUp => "DailyRollUpDataPoints",
            Self::Get => "GetDataPoint",
        }
    }

    /// The method's name as the last part of its discovery id.
    pub(crate) fn method(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Reconcile => "reconcile",
            Self::RollUp => "rollUp",
            Self::DailyRollUp => "dailyRollUp",
            Self::Get => "get",
        }
    }
}
