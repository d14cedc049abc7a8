package app;

import org.operaton.bpm.engine.rest.security.auth.ProcessEngineAuthenticationFilter;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;

/** The engine with its REST API; with `--basic=true` it asks for Basic credentials. */
@org.springframework.boot.autoconfigure.SpringBootApplication
public class App {
  public static void main(String[] arguments) {
    org.springframework.boot.SpringApplication.run(App.class, arguments);
  }

  @Bean
  @ConditionalOnProperty("basic")
  FilterRegistrationBean<ProcessEngineAuthenticationFilter> basic() {
    var filter = new FilterRegistrationBean<>(new ProcessEngineAuthenticationFilter());
    filter.addInitParameter("authentication-provider",
        "org.operaton.bpm.engine.rest.security.auth.impl.HttpBasicAuthenticationProvider");
    filter.addUrlPatterns("/engine-rest/*");
    return filter;
  }
}
