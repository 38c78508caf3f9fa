package org.openkas.agentapi;

import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.engine.reporting.ReportEntry;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs test classes where it is deployed: one line a test, {@code ok name} or {@code FAILED name}, then its stack trace. */
@WebServlet("/contract")
public class ContractServlet extends HttpServlet {
    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        JakartaTransport.port = request.getLocalPort();
        response.setContentType("text/plain; charset=utf-8");
        PrintWriter out = response.getWriter();
        LauncherDiscoveryRequest tests = LauncherDiscoveryRequestBuilder.request()
                .selectors(DiscoverySelectors.selectClass(request.getParameter("class")))
                .build();
        LauncherFactory.create().execute(tests, new TestExecutionListener() {
            @Override
            public void reportingEntryPublished(TestIdentifier test, ReportEntry entry) {
                entry.getKeyValuePairs().forEach((key, value) -> out.println(key + " " + value));
            }

            @Override
            public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                String name = test.getParentId().isPresent()
                        ? test.getDisplayName() + " [" + test.getUniqueId().replaceAll(".*method:", "")
                        : "all";
                if (result.getThrowable().isPresent() && result.getStatus() == TestExecutionResult.Status.FAILED) {
                    StringWriter trace = new StringWriter();
                    result.getThrowable().get().printStackTrace(new PrintWriter(trace));
                    out.println("FAILED " + name + "\n" + trace.toString().indent(4));
                } else if (test.isTest()) {
                    out.println("ok " + name);
                }
                out.flush();
            }
        });
    }
}
