/** What other servers of the cluster call: their way to the agents that are connected here (chapter 04 §4). */
@org.jspecify.annotations.NullMarked
package org.openkas.privateapi;
