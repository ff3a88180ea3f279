# HDF5_INCLUDE_DIR and HDF5_LIBRARIES: libhdf5 without MPI, static where it is installed so. Debian's shared one brings
# libcurl and libcrypto along, for files in the cloud, which would make every start of the program take twice as long.
find_package(ZLIB REQUIRED)
find_path(HDF5_INCLUDE_DIR hdf5.h PATH_SUFFIXES hdf5/serial REQUIRED)
find_library(HDF5_LIBRARY NAMES libhdf5.a hdf5_serial hdf5 PATH_SUFFIXES hdf5/serial REQUIRED)
set(HDF5_LIBRARIES ${HDF5_LIBRARY})
if(HDF5_LIBRARY MATCHES "\\.a$")
  find_library(SZIP_LIBRARY sz REQUIRED)
  list(APPEND HDF5_LIBRARIES ${SZIP_LIBRARY} ZLIB::ZLIB ${CMAKE_DL_LIBS})
endif()
