/** What operators are told about their configuration, wherever they ask: command line, terminal or page. */
@org.jspecify.annotations.NullMarked
package org.openkas.diagnosis;
