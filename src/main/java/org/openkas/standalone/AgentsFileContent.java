package org.openkas.standalone;

import java.util.List;

/** All that stands in an agents file. Immutable. */
record AgentsFileContent(List<StandaloneAgent> agents, List<StandaloneUser> users) {
}
