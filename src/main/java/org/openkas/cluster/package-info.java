/** Small ports for state that servers share, each with an in-memory implementation (chapter 04). */
@org.jspecify.annotations.NullMarked
package org.openkas.cluster;
