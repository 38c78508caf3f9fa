/** Small named primitives with a written guarantee: time, back-off, logging, globs. */
@org.jspecify.annotations.NullMarked
package org.openkas.common;
