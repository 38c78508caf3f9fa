/** The signed tokens that servers show each other: chapter 02 §2.4, chapter 04 §4.2, chapter 06 §3. */
@org.jspecify.annotations.NullMarked
package org.openkas.jwt;
