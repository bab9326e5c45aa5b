//! What a value shows of itself when it is printed for debugging.

/// `Debug` with the named fields alone: a log that prints such a value by mistake tells no tenant, no
/// node, no digest and no argument.
macro_rules! debug_only {
    ($name:ident $(<$life:lifetime>)? { $($field:ident),* }) => {
        impl std::fmt::Debug for $name $(<$life>)? {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name))$(.field(stringify!($field), &self.$field))*.finish_non_exhaustive()
            }
        }
    };
}

pub(crate) use debug_only;
