/** What operators and monitoring see: log lines, probes, metrics (chapter 05 §11 to §13). */
@org.jspecify.annotations.NullMarked
package org.openkas.observability;
