"""The forms: what each ecosystem's layout has beside the sources, which are the same in all.

In the texts, ``@...@`` stands for what `library.substitutions` gives: ``NAME`` and ``UPPER`` of the
library, its ``VERSION``, ``SOURCES`` and ``EXAMPLES``, in examples ``EXAMPLE``; a list takes the
rest of its line and what stands before it there.
"""

from __future__ import annotations

from types import MappingProxyType

from firmware_bridge.forms.library_form import Console, Form
from firmware_bridge.licence import IDENTIFIER

_HASH = f"# {IDENTIFIER}\n"

_STDIO = Console(
    headers=("stdio.h",), main="int main(void)", read="fread(PLACE, BYTES, 1, stdin) == 1"
)
_ZEPHYR = Console(
    headers=("stdio.h", "zephyr/console/console.h"),
    main="int main(void)",
    begin=("console_init();",),
    read="console_read(NULL, PLACE, BYTES) == (ssize_t)(BYTES)",
)
_ESP_IDF = Console(
    headers=("stdio.h", "driver/uart.h"),
    main="void app_main(void)",
    begin=("uart_driver_install(UART_NUM_0, 1024, 0, 0, NULL, 0);",),
    read="uart_read_bytes(UART_NUM_0, PLACE, BYTES, portMAX_DELAY) == (int)(BYTES)",
)

LIBRARY = Form(
    name="library",
    description="C sources and a Makefile",
    example="examples/@EXAMPLE@/main.c",
    console=_STDIO,
    use="`make` builds `build/lib@NAME@.a` and the examples; or compile `src/@NAME@/*.c` as C11 "
    "with `-Isrc` in your own build, and link with `-lm`.",
    checked="Built by edgeser's tests with gcc for Arm, and run on emulated boards.",
    files=MappingProxyType(
        {
            "Makefile": _HASH
            + """\
# The library and its examples: make, or make CC=arm-none-eabi-gcc CFLAGS='-mcpu=cortex-m4 ...'
# build/lib@NAME@.a for the library alone.
AR := $(patsubst %gcc,%ar,$(CC))
ifeq ($(AR),$(CC))
AR := ar
endif
CFLAGS := -O2
FLAGS := -std=c11 -ffp-contract=off -fno-math-errno -ffunction-sections -fdata-sections -Isrc
SOURCES := \\
  src/@NAME@/@SOURCES@ \\

EXAMPLES := \\
  build/@EXAMPLES@ \\

OBJECTS := $(patsubst %.c,build/%.o,$(SOURCES))

all: build/lib@NAME@.a $(EXAMPLES)

build/lib@NAME@.a: $(OBJECTS)
\t$(AR) rcs $@ $^

$(EXAMPLES): build/%: examples/%/main.c build/lib@NAME@.a
\t$(CC) $(FLAGS) $(CFLAGS) $(LDFLAGS) $^ -lm -o $@

build/%.o: %.c Makefile
\t@mkdir -p $(@D)
\t$(CC) $(FLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

-include $(OBJECTS:.o=.d)

.PHONY: all clean
clean:
\trm -rf build
"""
        }
    ),
)

CMAKE = Form(
    name="cmake",
    description="a CMake package with install and find_package",
    example="examples/@EXAMPLE@/main.c",
    console=_STDIO,
    use="`add_subdirectory(@NAME@)`; or `cmake --install` it and say `find_package(@NAME@)`. Then "
    "`target_link_libraries(yours @NAME@::@NAME@)`.",
    checked="Built, installed, found by `find_package` and run by edgeser's tests.",
    files=MappingProxyType(
        {
            "CMakeLists.txt": _HASH
            + """\
cmake_minimum_required(VERSION 3.16)
project(@NAME@ VERSION @VERSION@ LANGUAGES C)
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

add_library(@NAME@ STATIC
  src/@NAME@/@SOURCES@
)
add_library(@NAME@::@NAME@ ALIAS @NAME@)
target_compile_features(@NAME@ PUBLIC c_std_11)
# A multiplication and an addition of floats are two operations, as where the model was checked.
target_compile_options(@NAME@ PRIVATE
  $<$<C_COMPILER_ID:GNU,Clang,AppleClang,ARMClang>:-ffp-contract=off>)
target_include_directories(@NAME@ PUBLIC
  $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/src>
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
if(NOT WIN32)
  target_link_libraries(@NAME@ PUBLIC m)
endif()

install(TARGETS @NAME@ EXPORT @NAME@-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES src/@NAME@.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES
  src/@NAME@/@PUBLIC_HEADERS@
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/@NAME@)
install(EXPORT @NAME@-targets NAMESPACE @NAME@::
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/@NAME@)
write_basic_package_version_file(@NAME@-config-version.cmake COMPATIBILITY SameMajorVersion)
install(FILES cmake/@NAME@-config.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/@NAME@-config-version.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/@NAME@)

option(@UPPER@_EXAMPLES "Build the examples" OFF)
if(@UPPER@_EXAMPLES)
  foreach(example IN ITEMS
    @EXAMPLES@
  )
    add_executable(${example} examples/${example}/main.c)
    target_link_libraries(${example} PRIVATE @NAME@)
  endforeach()
endif()
""",
            "cmake/@NAME@-config.cmake": _HASH
            + 'include("${CMAKE_CURRENT_LIST_DIR}/@NAME@-targets.cmake")\n',
        }
    ),
)

ARDUINO = Form(
    name="arduino",
    description="an Arduino library",
    example="examples/@EXAMPLE@/@EXAMPLE@.ino",
    console=None,
    use="Put the folder into `libraries/` of your sketchbook, under the name `@NAME@`, and "
    "`#include <@NAME@.h>`. It takes a processor of 32 bits.",
    checked="The sources are built by edgeser's tests as Arduino compiles them (GNU C11, for "
    "Arm), the sketches as C++11 against stand-ins; `library.properties` is held to the published "
    "specification. No Arduino tool has built it.",
    files=MappingProxyType(
        {
            "library.properties": """\
name=@NAME@
version=@VERSION@
author=edgeser
maintainer=edgeser
sentence=@MODELS@ as C.
paragraph=@SUMMARY@.
category=Data Processing
url=
architectures=*
includes=@NAME@.h
"""
        }
    ),
)

ZEPHYR = Form(
    name="zephyr",
    description="a Zephyr module",
    example="samples/@EXAMPLE@/src/main.c",
    console=_ZEPHYR,
    use="Add it to your manifest, or `west build -- -DZEPHYR_EXTRA_MODULES=PATH`, and set "
    "`CONFIG_@UPPER@=y`.",
    checked="Its CMake is run by edgeser's tests with stand-ins for Zephyr's functions, its "
    "sources and samples are compiled; `module.yml` is held to the schema that Zephyr "
    "publishes, its Kconfig to kconfiglib. Zephyr itself has not built it.",
    files=MappingProxyType(
        {
            "zephyr/module.yml": _HASH
            + """\
name: @NAME@
build:
  cmake: zephyr
  kconfig: zephyr/Kconfig
samples:
  - samples
""",
            "zephyr/Kconfig": _HASH
            + """\
config @UPPER@
\tbool "@MODELS@"
\thelp
\t  @SUMMARY@.
""",
            "zephyr/CMakeLists.txt": _HASH
            + """\
if(CONFIG_@UPPER@)
  zephyr_include_directories(../src)
  zephyr_library_named(@NAME@)
  zephyr_library_sources(
    ../src/@NAME@/@SOURCES@
  )
  zephyr_library_compile_options(-ffp-contract=off)
endif()
""",
        }
    ),
    example_files=MappingProxyType(
        {
            "samples/@EXAMPLE@/CMakeLists.txt": _HASH
            + """\
cmake_minimum_required(VERSION 3.20)
list(APPEND ZEPHYR_EXTRA_MODULES ${CMAKE_CURRENT_SOURCE_DIR}/../..)
find_package(Zephyr REQUIRED HINTS $ENV{ZEPHYR_BASE})
project(@EXAMPLE@ LANGUAGES C)
target_sources(app PRIVATE src/main.c)
""",
            "samples/@EXAMPLE@/prj.conf": _HASH
            + """\
CONFIG_@UPPER@=y
CONFIG_CONSOLE_SUBSYS=y
CONFIG_CONSOLE_GETCHAR=y
CONFIG_MAIN_STACK_SIZE=8192
""",
            "samples/@EXAMPLE@/sample.yaml": _HASH
            + """\
sample:
  name: @EXAMPLE@
tests:
  sample.@NAME@.@EXAMPLE@:
    build_only: true
    filter: CONFIG_SERIAL_SUPPORT_INTERRUPT
""",
        }
    ),
)

ESP_IDF = Form(
    name="esp-idf",
    description="an ESP-IDF component",
    example="examples/@EXAMPLE@/main/main.c",
    console=_ESP_IDF,
    use="Put the folder into `components/` of your project, under the name `@NAME@`.",
    checked="Its CMake is run by edgeser's tests with a stand-in for ESP-IDF's function, its "
    "sources and examples are compiled; `idf_component.yml` was read by the component manager. "
    "ESP-IDF itself has not built it.",
    files=MappingProxyType(
        {
            "CMakeLists.txt": _HASH
            + """\
idf_component_register(
  SRCS
    src/@NAME@/@SOURCES@
  INCLUDE_DIRS src)
target_compile_options(${COMPONENT_LIB} PRIVATE -ffp-contract=off)
""",
            "idf_component.yml": _HASH
            + """\
version: "@VERSION@"
description: "@MODELS@ as C"
license: Apache-2.0
dependencies:
  idf: ">=5.0"
""",
        }
    ),
    example_files=MappingProxyType(
        {
            "examples/@EXAMPLE@/CMakeLists.txt": _HASH
            + """\
cmake_minimum_required(VERSION 3.16)
include($ENV{IDF_PATH}/tools/cmake/project.cmake)
project(@EXAMPLE@)
""",
            "examples/@EXAMPLE@/main/CMakeLists.txt": _HASH
            + 'idf_component_register(SRCS main.c INCLUDE_DIRS "")\n',
            "examples/@EXAMPLE@/main/idf_component.yml": _HASH
            + """\
dependencies:
  @NAME@:
    override_path: ../../..
""",
        }
    ),
)

PLATFORMIO = Form(
    name="platformio",
    description="a PlatformIO library",
    example="examples/@EXAMPLE@/main.c",
    console=_STDIO,
    use="Put the folder into `lib/` of your project, or name it in `lib_deps`.",
    checked="`library.json` was read and packed by PlatformIO; the sources and examples are built "
    "and run by edgeser's tests with gcc. No platform of PlatformIO's has built it.",
    files=MappingProxyType(
        {
            "library.json": """\
{
  "name": "@NAME@",
  "version": "@VERSION@",
  "description": "@MODELS@ as C: @SUMMARY@",
  "license": "Apache-2.0",
  "frameworks": "*",
  "platforms": "*",
  "headers": "@NAME@.h",
  "build": {
    "flags": ["-ffp-contract=off"]
  }
}
"""
        }
    ),
)

FORMS = MappingProxyType(
    {form.name: form for form in (LIBRARY, CMAKE, ARDUINO, ZEPHYR, ESP_IDF, PLATFORMIO)}
)
"""Each by its name. A project for a board is none of them: `firmware_bridge.project` writes it."""
