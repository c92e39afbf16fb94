package phr.hapi;

import ca.uhn.fhir.jpa.api.config.JpaStorageSettings;
import ca.uhn.fhir.jpa.api.dao.IFhirSystemDao;
import ca.uhn.fhir.jpa.interceptor.CascadingDeleteInterceptor;
import ca.uhn.fhir.jpa.interceptor.UserRequestRetryVersionConflictsInterceptor;
import ca.uhn.fhir.jpa.provider.IJpaSystemProvider;
import ca.uhn.fhir.jpa.provider.JpaCapabilityStatementProvider;
import ca.uhn.fhir.jpa.search.DatabaseBackedPagingProvider;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.interceptor.RequestValidatingInterceptor;
import ca.uhn.fhir.rest.server.provider.ResourceProviderFactory;
import ca.uhn.fhir.rest.server.util.ISearchParamRegistry;
import ca.uhn.fhir.validation.IValidatorModule;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;

/** A HAPI FHIR R4 server for tests: {@code http://127.0.0.1:PORT/fhir}, and nobody else reaches it. */
public final class Server {
  private static final int THREADS = 32;
  private static final int LARGEST_PAGE = 1000;

  public static void main(String[] arguments) throws Exception {
    var settings = Settings.fromEnvironment();
    var beans = new AnnotationConfigApplicationContext();
    beans.registerBean(Settings.class, () -> settings);
    beans.register(Storage.class);
    beans.refresh();

    var jetty = new org.eclipse.jetty.server.Server(new QueuedThreadPool(THREADS));
    var connector = new ServerConnector(jetty);
    connector.setHost("127.0.0.1");
    connector.setPort(settings.port());
    jetty.addConnector(connector);
    var context = new ServletContextHandler("/");
    context.addServlet(new ServletHolder(fhir(beans, settings)), "/fhir/*");
    jetty.setHandler(context);
    jetty.start();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(jetty, beans)));
    announce(connector.getLocalPort(), settings.portFile());
    jetty.join();
  }

  private static RestfulServer fhir(BeanFactory beans, Settings settings) {
    IFhirSystemDao<?, ?> system = beans.getBean(IFhirSystemDao.class);
    var server = new RestfulServer(system.getContext());
    server.registerProviders(beans.getBean(ResourceProviderFactory.class).createProviders());
    server.registerProvider(beans.getBean(IJpaSystemProvider.class));
    server.setServerConformanceProvider(
        new JpaCapabilityStatementProvider(
            server,
            system,
            beans.getBean(JpaStorageSettings.class),
            beans.getBean(ISearchParamRegistry.class),
            beans.getBean(IValidationSupport.class)));
    var paging = beans.getBean(DatabaseBackedPagingProvider.class);
    paging.setMaximumPageSize(LARGEST_PAGE);
    server.setPagingProvider(paging);
    server.registerInterceptor(beans.getBean(CascadingDeleteInterceptor.class));
    if (settings.retriesConflicts()) {
      server.registerInterceptor(new UserRequestRetryVersionConflictsInterceptor());
    }
    if (settings.validatesWrites()) {
      var validation = new RequestValidatingInterceptor();
      validation.addValidatorModule(beans.getBean(IValidatorModule.class));
      server.registerInterceptor(validation);
    }
    return server;
  }

  private static void announce(int port, String file) throws Exception {
    System.out.println("listening on http://127.0.0.1:" + port + "/fhir");
    if (!file.isEmpty()) {
      // Whoever waits for the file never reads half of it.
      var whole = Files.writeString(Path.of(file + ".new"), Integer.toString(port));
      Files.move(whole, Path.of(file), StandardCopyOption.ATOMIC_MOVE);
    }
  }

  private static void stop(org.eclipse.jetty.server.Server jetty, AnnotationConfigApplicationContext beans) {
    try {
      jetty.stop();
    } catch (Exception error) {
      System.err.println("Jetty did not stop: " + error);
    }
    beans.close();
  }

  private Server() {}
}
