//! The one place that chooses between a portable loop and its SIMD twins.
//!
//! A twin here is the same Rust compiled once more with wider instructions, so that both give the same bits by construction:
//! Rust neither contracts nor reorders arithmetic.

/// True if this CPU has AVX2.
#[cfg(all(feature = "std", target_arch = "x86_64"))]
#[inline(always)]
pub fn has_avx2() -> bool {
    std::arch::is_x86_feature_detected!("avx2")
}

/// Compiles every function once for any machine and once for AVX2, which is taken where the CPU has it; for WASM with the
/// feature `simd128`, once with SIMD128.
macro_rules! twins {
    ($($(#[$meta:meta])* pub fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)? $body:block)*) => {$(
        $(#[$meta])*
        #[cfg_attr(all(target_arch = "wasm32", feature = "simd128"), target_feature(enable = "simd128"))]
        #[inline(never)]
        pub fn $name($($argument: $type),*) $(-> $result)? {
            #[inline(always)]
            fn portable($($argument: $type),*) $(-> $result)? $body
            #[cfg(all(feature = "std", target_arch = "x86_64"))]
            {
                #[target_feature(enable = "avx2")]
                fn avx2($($argument: $type),*) $(-> $result)? {
                    portable($($argument),*)
                }
                if $crate::dispatch::has_avx2() {
                    // SAFETY: the CPU has AVX2, which is all the function asks for.
                    #[allow(unsafe_code)]
                    return unsafe { avx2($($argument),*) };
                }
            }
            portable($($argument),*)
        }
    )*};
}
pub(crate) use twins;
