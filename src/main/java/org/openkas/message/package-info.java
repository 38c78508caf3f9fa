/** Rules and JSON forms of protobuf messages (chapter 01 §3.8, chapter 02 §2.10). */
@org.jspecify.annotations.NullMarked
package org.openkas.message;
